"""Our blobs are age payloads: another implementation opens them, and ours opens its."""

from __future__ import annotations

import os

import pyrage
import pytest
from pyrage.x25519 import Identity

from core import stream
from tests.contents import gathered, pieces
from tests.core.age_header import from_bech32, read_header, write_header


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 200_000])
async def test_pyrage_opens_what_we_seal(size: int) -> None:
    """Under an ordinary header our blob is an ordinary age file."""
    identity, plain, file_key = Identity.generate(), os.urandom(size), os.urandom(16)
    blob = await gathered(stream.seal(file_key, pieces(plain), nonce=os.urandom(16)))
    header = write_header(file_key, from_bech32(str(identity.to_public())))
    assert pyrage.decrypt(header + blob, [identity]) == plain


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 200_000])
async def test_we_open_what_pyrage_seals(size: int) -> None:
    """The payload of an age file opens with our reader."""
    identity, plain = Identity.generate(), os.urandom(size)
    file = pyrage.encrypt(plain, [identity.to_public()])
    file_key, payload = read_header(file, from_bech32(str(identity)))
    assert await gathered(stream.open_(file_key, pieces(payload))) == plain
