"""One contract for every store of blobs: the port's promises, kept by each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.clock import now_ms
from core.embedded import embedded_redis
from core.errors import Corrupt, SourceFailed
from core.link import SecretId
from tests.contents import pieces
from tests.stores import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.blobs import Blobs
    from tests.fakes.s3 import Server

HOUR = 60 * 60 * 1000
DAY = 24 * HOUR
LIMIT, PAST = now_ms() + 5 * DAY, now_ms() - 3 * DAY
LARGE = 12 * 1024 * 1024  # bytes: three parts of a bucket's upload


@pytest.fixture(params=["folder", "bucket", "redis"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Give the address of an empty store."""
    if request.param == "folder":
        yield (tmp_path / "blobs").as_uri()
    elif request.param == "redis":
        async with embedded_redis(tmp_path) as address:
            yield address
    else:
        server: Server = request.getfixturevalue("s3")
        yield server.url()


@pytest.fixture
async def blobs(url: str) -> AsyncIterator[Blobs]:
    """Open a store."""
    async with opened(url) as blobs:
        yield blobs


@pytest.mark.parametrize("size", [1, 100_000, LARGE])
async def test_what_was_put_is_read_in_any_parts(blobs: Blobs, size: int) -> None:
    """A blob has its size, and every range of it is what was put there."""
    name, sealed = SecretId.random(), bytes(range(256)) * (size // 256 + 1)
    sealed = sealed[:size]
    await blobs.put(name, LIMIT, pieces(sealed, 262_208))
    async with blobs.open(name, LIMIT) as blob:
        assert blob.size == size
        for start in (0, size // 3, size - 1):
            length = min(300_000, size - start)
            assert await blob.read(start, length) == sealed[start : start + length]
        with pytest.raises(Corrupt):
            await blob.read(size - 1, 2)
    assert await blobs.has(name, LIMIT)
    assert await blobs.stored() == size


async def test_missing_blob_is_told(blobs: Blobs) -> None:
    """What was never put, or was shredded, is missing; to shred it again is no matter."""
    name = SecretId.random()
    for _ in range(2):
        assert not await blobs.has(name, LIMIT)
        with pytest.raises(Corrupt):
            async with blobs.open(name, LIMIT):
                pass
        await blobs.put(name, LIMIT, pieces(b"sealed"))
        await blobs.shred(name, LIMIT)
        await blobs.shred(name, LIMIT)


async def test_blob_that_goes_while_it_is_read_is_told(blobs: Blobs) -> None:
    """Bytes that vanish under a reader are missing, unless its system keeps them for it."""
    name = SecretId.random()
    await blobs.put(name, LIMIT, pieces(bytes(1_000_000)))
    async with blobs.open(name, LIMIT) as blob:
        await blobs.shred(name, LIMIT)
        try:
            assert await blob.read(900_000, 100_000) == bytes(100_000)
        except Corrupt:
            assert not await blobs.has(name, LIMIT)


@pytest.mark.parametrize("size", [0, 100_000, LARGE])
async def test_source_that_breaks_off_leaves_nothing(blobs: Blobs, size: int) -> None:
    """Its own error comes through, and no blob is there, whole or half."""
    name = SecretId.random()

    async def broken() -> AsyncIterator[bytes]:
        async for piece in pieces(bytes(size), 262_208):
            yield piece
        raise SourceFailed

    with pytest.raises(SourceFailed):
        await blobs.put(name, LIMIT, broken())
    assert not await blobs.has(name, LIMIT)
    assert await blobs.stored() == 0


async def test_one_of_many_holds_the_latch(blobs: Blobs, url: str) -> None:
    """Of fifty who ask at once, through two processes' stores, all are told the same holder."""
    name = SecretId.random()
    async with opened(url) as other:
        assert await blobs.holder(name, LIMIT) is None
        asked = [(blobs, other)[n % 2].latch(name, LIMIT, f"claim {n}") for n in range(50)]
        [holder] = set(await asyncio.gather(*asked))
        assert await other.holder(name, LIMIT) == holder
        assert await blobs.latch(name, LIMIT, "too late") == holder


async def test_latch_outlives_its_bytes(blobs: Blobs) -> None:
    """Shredding leaves the latch, and a latch is no bytes that lie there."""
    name = SecretId.random()
    await blobs.put(name, LIMIT, pieces(b"sealed"))
    await blobs.latch(name, LIMIT, "claim")
    await blobs.shred(name, LIMIT)
    assert await blobs.holder(name, LIMIT) == "claim"
    assert [found async for found in blobs.settled(LIMIT)] == []


async def test_sweep_takes_what_nobody_can_need(blobs: Blobs) -> None:
    """Long after their limit latch and bytes are gone; until a day after it everything stays."""
    limits = {SecretId.random(): limit for limit in (PAST, now_ms() - 23 * HOUR, LIMIT)}
    past, *others = limits
    for name, limit in limits.items():
        await blobs.latch(name, limit, "claim")
        await blobs.put(name, limit, pieces(b"sealed"))
    await blobs.sweep(now_ms())
    assert await blobs.holder(past, PAST) is None
    assert not await blobs.has(past, PAST)
    for name in others:
        assert await blobs.holder(name, limits[name]) == "claim"
        assert await blobs.has(name, limits[name])


async def test_settled_are_listed_with_a_limit_that_finds_them(blobs: Blobs) -> None:
    """Blobs older than 15 minutes are listed, and by what is told of them they can be shredded."""
    names = {SecretId.random() for _ in range(3)}
    for name in names:
        await blobs.put(name, LIMIT, pieces(b"sealed"))
    assert [found async for found in blobs.settled(now_ms())] == []
    settled = [found async for found in blobs.settled(now_ms() + 16 * 60 * 1000)]
    assert {found.secret_id for found in settled} == names
    for found in settled:
        await blobs.shred(found.secret_id, found.limit)
    assert await blobs.stored() == 0


async def test_cancelled_put_leaves_nothing(blobs: Blobs) -> None:
    """However far it had come, a cancelled put leaves no blob."""
    name = SecretId.random()
    for moment in range(6):
        putting = asyncio.create_task(blobs.put(name, LIMIT, pieces(bytes(LARGE), 262_208)))
        await asyncio.sleep(moment / 30)
        kept = not putting.cancel()
        await asyncio.wait([putting])
        assert await blobs.has(name, LIMIT) == kept
        await blobs.shred(name, LIMIT)
