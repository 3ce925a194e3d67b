"""docs/format.md's worked example is what the code computes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core import keys, stream
from core.keys import ServerKey, Wrapping
from core.link import Claim, Key, Link, SecretId
from core.secret import Kind, Metadata
from tests.contents import gathered, pieces

DOC = Path(__file__).parents[2] / "docs" / "format.md"


def example() -> dict[str, bytes | str | int]:
    """Read the inputs out of the page."""
    text = DOC.read_text().split("## A worked example")[1].split("```")[1]
    told: dict[str, bytes | str | int] = {}
    for line in text.strip().splitlines():
        name, value = line[:15].strip(), line[15:].strip()
        told[name] = (
            value
            if name in {"password", "plaintext", "name"}
            else bytes.fromhex(value)
            if name != "limit"
            else int(value)
        )
    return told


async def computed() -> str:
    """Compute what the page shows, in its own form."""
    told = example()
    secret_id, key, file_key = told["id"], told["K"], told["F"]
    salts = told["S"], told["salt"], told["password salt"]
    assert isinstance(secret_id, bytes)
    assert isinstance(key, bytes)
    assert isinstance(file_key, bytes)
    lines = {
        "link": Link(SecretId(secret_id), Key(key)).url("https://example.org"),
        "verifier": keys.verifier(secret_id, key).hex(),
    }
    stretched = keys.stretch("a1", str(told["password"]), bytes(salts[2]))  # type: ignore[arg-type]
    lines["password key"] = stretched.hex()
    for profile, password_key in (("p0", keys.NO_PASSWORD), ("a1", stretched)):
        wrapping = keys.wrap(
            file_key,
            Wrapping(profile, *salts),  # type: ignore[arg-type]
            secret_id=secret_id,
            key=key,
            password_key=password_key,
            limit_ms=int(told["limit"]),
        )
        lines[f"wrapped ({profile})"] = wrapping.wrapped.hex()
    plain = pieces(str(told["plaintext"]).encode())
    metadata = Metadata(str(told["name"]), "text/plain", len(str(told["plaintext"])), Kind.FILE)
    meta = keys.seal_metadata(file_key, bytes(salts[1]), secret_id, metadata)  # type: ignore[arg-type]
    lines["SHA-256(meta)"] = hashlib.sha256(meta).hexdigest()
    claim, server = bytes(told["claim"]), ServerKey(bytes(told["SECRET_KEY"]))  # type: ignore[arg-type]
    lines["holder"] = Claim(claim).holder
    lines["resume"] = keys.seal_resume(file_key, secret_id, key, claim).hex()
    lines["owner"] = server.owner("telegram", "42").hex()
    blob = await gathered(stream.seal(file_key, plain, nonce=told["nonce"]))  # type: ignore[arg-type]
    lines["blob (a file)"] = blob.hex()
    return "\n".join(f"{name:<15} {value}" for name, value in lines.items())


async def test_worked_example_is_true() -> None:
    """Every value of the page comes out of its inputs."""
    assert await computed() in DOC.read_text()
