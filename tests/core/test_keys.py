"""The key schedule: all shares are needed, everything is bound, nothing prints."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given
from hypothesis import strategies as st

from core import keys
from core.errors import Corrupt, NotFound
from core.keys import ServerKey, Ticket, Wrapping
from core.link import Claim, Key, Link, SecretId
from core.secret import Kind, Metadata

ID, K, S, SALT, PSALT = (
    bytes([n]) * size for n, size in ((1, 16), (2, 32), (3, 32), (4, 32), (5, 16))
)
F = bytes([6]) * 16
BOUND = {"secret_id": ID, "key": K, "password_key": keys.NO_PASSWORD, "limit_ms": 1_700_000_000_000}


def wrapped() -> Wrapping:
    return keys.wrap(F, Wrapping("p0", S, SALT, PSALT), **BOUND)  # type: ignore[arg-type]


def test_file_key_comes_back_with_all_shares() -> None:
    """With key, share and password key the file key is unwrapped."""
    assert keys.unwrap(wrapped(), **BOUND) == F  # type: ignore[arg-type]
    assert len(wrapped().wrapped) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"secret_id": bytes(16)},
        {"key": bytes(32)},
        {"password_key": b"\x01" * 32},
        {"limit_ms": 1_700_000_000_001},
    ],
)
def test_every_bound_value_counts(change: dict[str, object]) -> None:
    """Another id, key, password or limit does not unwrap."""
    with pytest.raises(Corrupt):
        keys.unwrap(wrapped(), **(BOUND | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"profile": "a1"}, {"share": bytes(32)}, {"salt": bytes(32)}])
def test_every_part_of_the_record_counts(change: dict[str, object]) -> None:
    """A record with another profile, share or salt does not unwrap."""
    with pytest.raises(Corrupt):
        keys.unwrap(replace(wrapped(), **change), **BOUND)  # type: ignore[arg-type]


def test_argon2id_agrees_with_the_rfc_and_a_second_implementation() -> None:
    """RFC 9106, section 5.3; and our profile computed by another library."""
    vector = Argon2id(
        salt=b"\x02" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        ad=b"\x04" * 12,
        secret=b"\x03" * 8,
    ).derive(b"\x01" * 32)
    assert vector.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    other = Argon2id(salt=PSALT, length=32, iterations=3, lanes=4, memory_cost=65536)
    assert keys.stretch("a1", "pässword", PSALT) == other.derive("pässword".encode())
    raw = hash_secret_raw(b"x", PSALT, 3, 65536, 4, 32, Type.ID)
    assert keys.stretch("a1", "x", PSALT) == raw


def test_verifier_tells_nothing_else() -> None:
    """The verifier differs by key and by id, and is not the key."""
    told = {keys.verifier(ID, K), keys.verifier(bytes(16), K), keys.verifier(ID, S)}
    assert len(told) == 3
    assert K not in told


@given(st.text(max_size=80), st.text(max_size=40), st.integers(0, 2**40), st.sampled_from(Kind))
def test_metadata_is_sealed_and_padded(name: str, type_: str, size: int, kind: Kind) -> None:
    """Names come back whole; lengths tell only the number of 256-byte blocks."""
    name = name.encode(errors="ignore").decode()
    metadata = Metadata(name, type_.encode(errors="ignore").decode(), size, kind)
    sealed = keys.seal_metadata(F, SALT, ID, metadata)
    assert (len(sealed) - 16) % 256 == 0
    assert keys.open_metadata(F, SALT, ID, sealed) == metadata
    with pytest.raises(Corrupt):
        keys.open_metadata(F, SALT, bytes(16), sealed)


def test_tickets_open_for_their_claim_and_secret() -> None:
    """A ticket comes back whole; for another claim, id or server it is none."""
    server, claim = ServerKey(bytes(32)), Claim.random()
    ticket = Ticket(F, 5, 1024, 17)
    text = server.seal_ticket(ID, claim.digest, ticket)
    assert server.open_ticket(ID, claim.digest, text) == ticket
    for opener, secret_id, digest, given_text in (
        (server, bytes(16), claim.digest, text),
        (server, ID, Claim.random().digest, text),
        (ServerKey(b"x" * 32), ID, claim.digest, text),
        (server, ID, claim.digest, text[:-1]),
        (server, ID, claim.digest, ""),
    ):
        with pytest.raises(NotFound):
            opener.open_ticket(secret_id, digest, given_text)


def test_resume_needs_key_and_claim() -> None:
    """What is left for a repeat opens with both key and claim only."""
    sealed = keys.seal_resume(F, ID, K, S)
    assert keys.open_resume(sealed, ID, K, S) == F
    for key, claim in ((S, S), (K, K)):
        with pytest.raises(Corrupt):
            keys.open_resume(sealed, ID, key, claim)


def test_nothing_secret_prints() -> None:
    """No representation holds a key, a share, a claim or a name."""
    raw = os.urandom(32)
    shown = [
        Key(raw),
        Claim(raw),
        Link(SecretId(ID), Key(raw)),
        Wrapping("p0", raw, raw, raw, raw),
        Ticket(raw, 1, 2, 3),
        ServerKey(raw),
        Metadata("name-of-file", "", 1, Kind.FILE),
    ]
    for value in shown:
        for text in (repr(value), str(value)):
            assert "name-of-file" not in text
            assert repr(raw)[2:20] not in text
            assert Key(raw).reveal() not in text
