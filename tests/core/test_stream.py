"""The sealed payload: sizes, slicings, and everything that must be refused."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import stream
from core.errors import Corrupt
from tests.contents import gathered, pieces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY, NONCE = bytes(range(16)), bytes(range(16, 32))
FULL = stream.CHUNK + stream.TAG
BOUNDARIES = [0, 1, 65535, 65536, 65537, 131071, 131072, 131073, 262144, 262145, 400_000]


async def sealed(plain: bytes, slicing: int = 50_000) -> bytes:
    return await gathered(stream.seal(KEY, pieces(plain, slicing), nonce=NONCE))


async def released(blob: bytes) -> tuple[bytes, bool]:
    """Open as far as it goes: what left, and whether it ended well."""
    out = bytearray()
    try:
        async for piece in stream.open_(KEY, pieces(blob, 30_000)):
            out += piece
    except Corrupt:
        return bytes(out), False
    return bytes(out), True


def by_chunk(blob: bytes) -> bytes:
    """Open through random access, last chunk first."""
    chunks = stream.Chunks(KEY, blob[: stream.NONCE], len(blob))
    out = []
    for index in reversed(range(chunks.count)):
        offset, length = chunks.span(index, index)
        out.append(chunks.open(index, blob[offset : offset + length]))
    return b"".join(reversed(out))


@pytest.mark.parametrize("size", BOUNDARIES)
async def test_round_trip_at_every_boundary(size: int) -> None:
    """What was sealed opens to the same bytes, in order and by chunk, and has the told size."""
    plain = os.urandom(size)
    blob = await sealed(plain)
    assert len(blob) == stream.sealed_size(size)
    assert stream.plain_size(len(blob)) == size
    assert await released(blob) == (plain, True)
    assert by_chunk(blob) == plain


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 140_000), max_size=6), st.integers(1, 140_000))
async def test_slicing_does_not_matter(cuts: list[int], back: int) -> None:
    """However the content is cut, the blob is the same, and however the blob is cut, it opens."""
    plain = bytes(sum(cuts) % 251 for _ in range(sum(cuts)))

    async def cut() -> AsyncIterator[bytes]:
        start = 0
        for size in cuts:
            yield plain[start : start + size]
            start += size

    blob = await gathered(stream.seal(KEY, cut(), nonce=NONCE))
    assert blob == await sealed(plain)
    assert await gathered(stream.open_(KEY, pieces(blob, back))) == plain


async def test_every_truncation_is_refused() -> None:
    """A blob cut anywhere does not end well, and no byte of a cut chunk leaves."""
    plain = os.urandom(2 * stream.CHUNK + 1000)
    blob = await sealed(plain)
    edges = {0, stream.NONCE, stream.NONCE + FULL, stream.NONCE + 2 * FULL, len(blob)}
    points = {edge + d for edge in edges for d in range(-20, 21)} | set(range(0, len(blob), 997))
    for point in sorted(p for p in points if 0 <= p < len(blob)):
        out, well = await released(blob[:point])
        assert not well
        assert out == plain[: max(0, point - stream.NONCE) // FULL * stream.CHUNK][: len(out)]


async def test_every_flipped_bit_class_is_refused() -> None:
    """A changed bit in nonce, chunk or tag is refused, and only verified chunks leave before it."""
    plain = os.urandom(2 * stream.CHUNK + 100)
    blob = await sealed(plain)
    for place in (
        0,
        15,
        16,
        16 + stream.CHUNK,
        16 + FULL - 1,
        16 + FULL,
        len(blob) - 17,
        len(blob) - 1,
    ):
        for bit in (0, 7):
            changed = bytearray(blob)
            changed[place] ^= 1 << bit
            out, well = await released(bytes(changed))
            assert not well
            assert out == plain[: len(out)]
            assert len(out) <= max(0, place - stream.NONCE) // FULL * stream.CHUNK
            with pytest.raises(Corrupt):
                by_chunk(bytes(changed))


async def test_moved_chunks_are_refused() -> None:
    """Swapped, repeated, left out, spliced or trailing: nothing but the sealed order opens."""
    blob = await sealed(os.urandom(3 * stream.CHUNK))
    other = await gathered(stream.seal(KEY, pieces(os.urandom(3 * stream.CHUNK)), nonce=KEY))
    head, chunks = blob[:16], [blob[16 + i * FULL : 16 + (i + 1) * FULL] for i in range(3)]
    foreign = other[16 : 16 + FULL]
    for order in (
        [chunks[1], chunks[0], chunks[2]],
        [chunks[0], chunks[0], chunks[1], chunks[2]],
        [chunks[0], chunks[2]],
        [foreign, chunks[1], chunks[2]],
        [*chunks, b"x"],
        [*chunks, chunks[2]],
        [*chunks[:2]],
        [],
    ):
        assert not (await released(head + b"".join(order)))[1]


async def test_empty_final_chunk_is_refused_after_others() -> None:
    """A payload whose last chunk is empty though others came before is none."""
    cipher = stream._cipher(KEY, NONCE)
    first = cipher.encrypt(stream._chunk_nonce(0, final=False), bytes(stream.CHUNK), None)
    last = cipher.encrypt(stream._chunk_nonce(1, final=True), b"", None)
    assert not (await released(NONCE + first + last))[1]
    with pytest.raises(Corrupt):
        stream.plain_size(len(NONCE + first + last))


@given(st.integers(0, 10**12))
def test_sizes_are_inverse(size: int) -> None:
    """The plaintext's size is known from the blob's, whatever it is."""
    assert stream.plain_size(stream.sealed_size(size)) == size


@pytest.mark.parametrize(
    "sealed_bytes", [0, 15, 16, 31, 16 + FULL + 1, 16 + FULL + 15, 16 + FULL + 16]
)
def test_impossible_sizes_are_refused(sealed_bytes: int) -> None:
    """No payload has such a length."""
    with pytest.raises(Corrupt):
        stream.plain_size(sealed_bytes)


@pytest.mark.parametrize(
    ("size", "padded"), [(0, 0), (1, 1024), (1023, 1024), (1024, 1024), (1025, 2048)]
)
async def test_texts_are_padded_to_whole_blocks(size: int, padded: int) -> None:
    """Padding appends zero bytes up to the next block, none where it is full."""
    assert await gathered(stream.padded(pieces(b"x" * size, 100), 1024)) == b"x" * size + bytes(
        padded - size
    )
