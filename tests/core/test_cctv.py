"""The published age test vectors (C2SP/CCTV): every one that exercises a payload, both ways."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core import stream
from core.errors import Corrupt
from tests.contents import gathered, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "0.2.0"


@dataclass(frozen=True, slots=True)
class Vector:
    """One scenario: a file key, a payload, and what must come out of it."""

    name: str
    expect: str
    payload_hash: str
    file_key: bytes
    blob: bytes


@pytest.fixture(scope="session")
def vectors(pytestconfig: pytest.Config) -> list[Vector]:
    """Read the vectors out of their npm package, kept in pytest's cache."""
    folder = Path(pytestconfig.cache.mkdir(f"cctv-age-{VERSION}"))
    if not any(folder.glob("*.tgz")):
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm, which brings the published vectors, is not here")
        command = [npm, "pack", "--silent", f"cctv-age@{VERSION}"]
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)  # noqa: S603 - npm
        if done.returncode:
            pytest.skip("npm could not bring the published vectors")
    return list(_read(next(folder.glob("*.tgz"))))


def _read(archive: Path) -> Iterator[Vector]:
    """Find the files that the package carries as base64 in its script."""
    with tarfile.open(archive) as tar:
        script = tar.extractfile("package/index.js")
        assert script is not None
        text = script.read().decode()
    for name, encoded in re.findall(r'var (\w+)_default = __toBinary\("([^"]*)"\)', text):
        vector = _parse(name, base64.b64decode(encoded))
        if vector is not None:
            yield vector


def _parse(name: str, raw: bytes) -> Vector | None:
    head, _, body = raw.partition(b"\n\n")
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
    if fields.get("compressed") == "zlib":
        body = zlib.decompress(body)
    if fields["expect"] not in {"success", "payload failure"} or "file key" not in fields:
        return None
    if fields.get("armored"):  # a text form around the file, which a blob never has
        return None
    payload = body.partition(b"\n--- ")[2].partition(b"\n")[2]
    return Vector(
        name,
        fields["expect"],
        fields.get("payload", ""),
        bytes.fromhex(fields["file key"]),
        payload,
    )


async def test_published_vectors_open_as_they_must(vectors: list[Vector]) -> None:
    """Success where it is expected, refusal where not, and not a byte more released before it."""
    assert len(vectors) == 37
    for vector in vectors:
        out, well = bytearray(), True
        try:
            async for piece in stream.open_(vector.file_key, pieces(vector.blob, 7777)):
                out += piece
        except Corrupt:
            well = False
        assert (vector.name, well) == (vector.name, vector.expect == "success")
        assert (vector.name, hashlib.sha256(out).hexdigest()) == (vector.name, vector.payload_hash)


async def test_published_vectors_are_sealed_alike(vectors: list[Vector]) -> None:
    """From key, nonce and plaintext we make the published bytes."""
    for vector in vectors:
        if vector.expect == "success":
            plain = await gathered(stream.open_(vector.file_key, pieces(vector.blob)))
            nonce = vector.blob[: stream.NONCE]
            again = await gathered(stream.seal(vector.file_key, pieces(plain), nonce=nonce))
            assert (vector.name, again) == (vector.name, vector.blob)
