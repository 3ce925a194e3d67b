"""Blobs in a Redis that fails: told in time as what it is, and nobody wins what is not there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from core.blobs.pieces import PIECE
from core.clock import now_ms
from core.embedded import embedded_redis
from core.errors import Corrupt, StorageFull, Unavailable
from core.link import SecretId
from core.record import record_key
from tests.contents import pieces
from tests.faults.conftest import PATIENCE, calls_of
from tests.faults.kinds import AllDropped, AllReset, BlackHole, Dropped, Late, Reset
from tests.faults.proxy import Fault, Proxy
from tests.stores import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from core.blobs import Blobs
    from tests.faults.kinds import Once

LIMIT = now_ms() + 5 * 24 * 60 * 60 * 1000
LARGE = 3 * PIECE + 1000


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Redis]:
    """Give a Redis, reached without anything between."""
    async with embedded_redis(tmp_path) as address, Redis.from_url(address) as redis:
        yield redis


@pytest.fixture
async def proxy(redis: Redis, tmp_path: Path) -> AsyncIterator[Proxy]:
    """Stand before it."""
    path = redis.connection_pool.connection_kwargs["path"]
    async with Proxy(Path(path)).listening() as proxy:
        yield proxy


@pytest.fixture
async def blobs(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Blobs]:
    """Open the store behind the proxy, which waits for a short time only."""
    monkeypatch.setattr("core.blobs.pieces.PATIENCE", 3 * PATIENCE)
    through = f"redis://127.0.0.1:{proxy.port}?socket_timeout={PATIENCE}"
    async with opened(through) as blobs:
        yield blobs


def calls(blobs: Blobs, name: SecretId) -> dict[str, Coroutine[Any, Any, Any]]:
    async def read() -> None:
        async with blobs.open(name, LIMIT):
            pass

    async def settled() -> None:
        async for _ in blobs.settled(LIMIT):
            pass

    return {
        "put": blobs.put(SecretId.random(), LIMIT, pieces(b"sealed")),
        "put in pieces": blobs.put(SecretId.random(), LIMIT, pieces(bytes(LARGE))),
        "open": read(),
        "has": blobs.has(name, LIMIT),
        "latch": blobs.latch(name, LIMIT, "claim"),
        "holder": blobs.holder(name, LIMIT),
        "shred": blobs.shred(name, LIMIT),
        "check": blobs.check(),
        "free": blobs.free(),
        "stored": blobs.stored(),
        "settled": settled(),
    }


async def ends(asked: dict[str, Coroutine[Any, Any, Any]]) -> dict[str, type]:
    async with asyncio.timeout(20 * PATIENCE):
        ended = await asyncio.gather(*asked.values(), return_exceptions=True)
    return {what: type(end) for what, end in zip(asked, ended, strict=True)}


@pytest.mark.parametrize("fault", [BlackHole, AllReset, AllDropped])
async def test_every_call_tells_a_fault_in_time(
    blobs: Blobs, proxy: Proxy, fault: type[Fault]
) -> None:
    """Whatever is asked of a Redis that fails ends soon with what it is, and later it works."""
    name = SecretId.random()
    await blobs.put(name, LIMIT, pieces(b"sealed"))
    proxy.fault = fault()
    kinds = await ends(calls(blobs, name))
    proxy.fault = Fault()
    assert set(kinds.values()) == {Unavailable}, kinds
    if fault is not AllDropped:  # of those Redis did what it was asked
        assert await blobs.holder(name, LIMIT) is None
        assert await blobs.has(name, LIMIT)
    await blobs.latch(name, LIMIT, "another")


async def test_full_memory_is_told_and_what_lies_there_still_opens(
    blobs: Blobs, redis: Redis
) -> None:
    """Without memory nothing is kept; latches, reading and deleting go on."""
    name = SecretId.random()
    await blobs.put(name, LIMIT, pieces(bytes(LARGE)))
    await redis.config_set("maxmemory", 1)
    asked = calls(blobs, name)
    shred = asked.pop("shred")
    kinds = await ends(asked)
    full = {what for what, kind in kinds.items() if kind is StorageFull}
    assert full == {"put", "put in pieces"}, kinds
    assert Unavailable not in kinds.values()
    assert await blobs.free() == 0
    await shred
    assert await blobs.stored() == 0
    assert await blobs.holder(name, LIMIT) == "claim"


async def test_replica_takes_nothing(blobs: Blobs, redis: Redis) -> None:
    """A Redis that became a replica is no store: nothing is kept, and nobody wins."""
    name = SecretId.random()
    await redis.replicaof("127.0.0.1", "1")
    with pytest.raises(Unavailable):
        await blobs.check()
    with pytest.raises(Unavailable):
        await blobs.latch(name, LIMIT, "claim")
    with pytest.raises(Unavailable):
        await blobs.put(name, LIMIT, pieces(b"sealed"))
    await redis.replicaof("NO", "ONE")
    assert await blobs.latch(name, LIMIT, "another") == "another"


@pytest.mark.parametrize("kind", [Dropped, Reset, Late])
async def test_reply_lost_during_a_put_leaves_the_whole_blob(
    blobs: Blobs, proxy: Proxy, kind: type[Once]
) -> None:
    """A piece whose reply is lost is laid again, in its place; so is the last, which seals it."""
    name, sealed = SecretId.random(), bytes(range(256)) * (LARGE // 256)
    for mark in (calls_of("lay"), f"{LIMIT + 24 * 60 * 60 * 1000}".encode()):
        proxy.fault = lost = kind(mark)
        await blobs.put(name, LIMIT, pieces(sealed))
        assert lost.struck is not None
        proxy.fault = Fault()
        async with blobs.open(name, LIMIT) as blob:
            assert await blob.read(0, blob.size) == sealed
        await blobs.shred(name, LIMIT)


async def test_winner_whose_reply_was_lost_still_wins(blobs: Blobs, proxy: Proxy) -> None:
    """A latch that was made while its reply got lost belongs to whoever asked for it."""
    name = SecretId.random()
    proxy.fault = lost = Dropped(calls_of("latch"))
    assert await blobs.latch(name, LIMIT, "claim") == "claim"
    assert lost.struck is not None
    assert await blobs.latch(name, LIMIT, "another") == "claim"


async def test_pieces_that_are_lost_on_the_way_keep_the_blob_from_being_whole(
    blobs: Blobs, redis: Redis
) -> None:
    """A Redis that forgets what was written of a blob makes its put fail, and nothing is there."""
    name = SecretId.random()

    async def forgotten() -> AsyncIterator[bytes]:
        yield bytes(2 * PIECE + 1)
        await redis.delete(f"{record_key(name)}:blob")
        yield bytes(10)

    with pytest.raises(Unavailable):
        await blobs.put(name, LIMIT, forgotten())
    assert not await blobs.has(name, LIMIT)
    assert await redis.exists(f"{record_key(name)}:blob") == 0


async def test_damaged_blob_is_told(blobs: Blobs, redis: Redis) -> None:
    """A piece that is missing or was cut is missing to whoever reads it."""
    name = SecretId.random()
    await blobs.put(name, LIMIT, pieces(bytes(LARGE)))
    await redis.hset(f"{record_key(name)}:blob", "1", "short")
    async with blobs.open(name, LIMIT) as blob:
        with pytest.raises(Corrupt):
            await blob.read(PIECE, 100)
        await redis.hdel(f"{record_key(name)}:blob", "1")
        with pytest.raises(Corrupt):
            await blob.read(0, LARGE)
