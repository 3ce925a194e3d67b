"""What only blobs in Redis need: their own end, bounds of memory, and warnings of what is lost."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from core.blobs.pieces import DAY, PIECE, STALE
from core.bootstrap import open_vault
from core.clock import now_ms
from core.embedded import embedded_redis
from core.errors import CannotStart, Corrupt, Gone, StorageFull
from core.link import Claim, SecretId
from core.record import record_key
from core.secret import Kind, State
from doctor.finding import Grade
from doctor.storage import storage
from tests.contents import gathered, pieces, received
from tests.generous import GENEROUS
from tests.stores import at, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.settings import Settings

LIMIT = now_ms() + 5 * DAY
MIB = 1024 * 1024


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """Run a Redis."""
    async with embedded_redis(tmp_path / "own") as address:
        yield address


@pytest.fixture
async def redis(address: str) -> AsyncIterator[Redis]:
    """Look into it."""
    async with Redis.from_url(address) as redis:
        yield redis


def settings_of(address: str, tmp_path: Path, **more: str) -> Settings:
    return at(address, **{**GENEROUS, "DATA_DIR": str(tmp_path / "data"), **more})


async def test_everything_has_its_own_end(
    address: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a blob goes in 15 minutes, unless it is still written; a whole one with its latch."""
    monkeypatch.setattr("core.blobs.pieces.SIGN", 0.05)
    name = SecretId.random()
    blob, latch = f"{record_key(name)}:blob", f"{record_key(name)}:latch"

    async def slow() -> AsyncIterator[bytes]:
        yield bytes(PIECE + 1)
        assert 0 < await redis.pttl(blob) <= STALE
        await redis.pexpire(blob, 1000)
        async with asyncio.timeout(10):
            while await redis.pttl(blob) <= 1000:
                await asyncio.sleep(0.01)
        yield bytes(10)

    async with opened(address) as blobs:
        await blobs.put(name, LIMIT, slow())
        await blobs.latch(name, LIMIT, "claim")
        assert await redis.pexpiretime(blob) == await redis.pexpiretime(latch) == LIMIT + DAY
        await blobs.shred(name, LIMIT)
        assert await redis.keys("*blob*") == await redis.keys("ots:lying:*") == []


async def test_secret_lives_in_redis_alone(address: str, redis: Redis, tmp_path: Path) -> None:
    """Handed in, opened, fetched again from the middle, done: its bytes go, its latch stays."""
    data, claim = os.urandom(2 * MIB), Claim.random()
    async with open_vault(settings_of(address, tmp_path, MAX_TOTAL_SIZE="100MB")) as house:
        vault = house.vault
        link = (await vault.seal(pieces(data), kind=Kind.FILE, name="a.bin")).link
        ticket = (await vault.open(link.id, link.key, claim)).ticket
        async with vault.data(link.id, claim, ticket) as delivery:
            async for _ in delivery:
                break  # the connection is lost
        async with vault.data(link.id, claim, ticket, start=MIB - 5) as delivery:
            assert await gathered(delivery) == data[MIB - 5 :]
        with pytest.raises(Gone) as gone:
            await vault.open(link.id, link.key, Claim.random())
        assert gone.value.state == State.OPENED
        await vault.done(link.id, claim)
    assert await redis.keys("*blob*") == []
    assert await redis.get(f"{record_key(link.id)}:latch") == claim.holder.encode()
    assert not (tmp_path / "data/blobs").exists()


async def test_blob_without_a_record_is_swept(
    address: str, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a creation left that ended before its record goes, and so do entries of nothing."""
    monkeypatch.setattr("core.sweeper.UPTIME", 0)
    async with open_vault(settings_of(address, tmp_path)) as house:
        kept = (await house.vault.seal(pieces(bytes(100_000)), kind=Kind.FILE)).link.id
        left, entered = SecretId.random(), SecretId.random()
        for name in (left, entered):
            await house.blobs.put(name, LIMIT, pieces(bytes(100_000)))
        await redis.delete(f"{record_key(entered)}:blob")
        monkeypatch.setattr("core.blobs.pieces.STALE", -1000)
        await house.sweeper.sweep()
        assert [lying.secret_id async for lying in house.blobs.settled(now_ms())] == [kept]
        assert await house.blobs.has(kept, LIMIT)
        assert not await house.blobs.has(left, LIMIT)


async def test_vanished_blob_is_told_and_burns_nothing(
    address: str, redis: Redis, tmp_path: Path
) -> None:
    """Whoever opens a secret whose blob somebody deleted hears that, and no latch is taken."""
    claim = Claim.random()
    async with open_vault(settings_of(address, tmp_path)) as house:
        link = (await house.vault.seal(pieces(bytes(100_000)), kind=Kind.FILE)).link
        ticket = (await house.vault.open(link.id, link.key, claim)).ticket
        await redis.delete(f"{record_key(link.id)}:blob")
        with pytest.raises(Corrupt):
            async with house.vault.data(link.id, claim, ticket):
                pass
        assert await house.blobs.holder(link.id, LIMIT) is None


async def test_memory_of_redis_is_the_room(address: str, redis: Redis, tmp_path: Path) -> None:
    """What must stay free of maxmemory is refused to secrets, and kept for openings."""
    used = (await redis.info("memory"))["used_memory"]
    await redis.config_set("maxmemory", used + 8 * MIB)
    settings = settings_of(address, tmp_path, MIN_FREE_DISK="6MiB", MAX_FILE_SIZE="4MB")
    async with open_vault(settings) as house:
        link = (await house.vault.seal(pieces(bytes(100_000)), kind=Kind.FILE)).link
        assert 0 < await house.blobs.free() < 8 * MIB
        with house.gate.entered("a") as entered, pytest.raises(StorageFull):
            await gathered(entered.counted(pieces(bytes(4_000_000))))
        opened = await house.vault.open(link.id, link.key, Claim.random())
        assert opened.metadata.size == 100_000


async def test_full_memory_takes_nothing_in_and_opens(
    address: str, redis: Redis, tmp_path: Path
) -> None:
    """What is there is received and burned, and that makes room; the process stays in service."""
    async with open_vault(settings_of(address, tmp_path)) as house:
        link = (await house.vault.seal(pieces(bytes(3_000_000)), kind=Kind.FILE)).link
        await redis.config_set("maxmemory", (await redis.info("memory"))["used_memory"] - MIB)
        with pytest.raises(StorageFull):
            await house.vault.seal(pieces(bytes(100_000)), kind=Kind.FILE)
        ready = await house.readiness.look()
        assert (bool(ready), ready.room) == (True, False)
        claim = Claim.random()
        assert await received(house.vault, link.id, link.key, claim) == bytes(3_000_000)
        await house.vault.done(link.id, claim)
        await house.vault.seal(pieces(bytes(100_000)), kind=Kind.FILE)


async def test_what_lies_in_redis_counts_once(address: str, redis: Redis, tmp_path: Path) -> None:
    """The total has room for what fits, though blobs and Redis' data are the same bytes."""
    async with open_vault(settings_of(address, tmp_path, MAX_TOTAL_SIZE="8MB")) as house:
        await house.vault.seal(pieces(bytes(5_000_000)), kind=Kind.FILE)
        assert 5_000_000 < (await redis.info("memory"))["used_memory_dataset"] < 7_000_000
        with house.gate.entered("a") as entered:
            await gathered(entered.counted(pieces(bytes(1000))))
            with pytest.raises(StorageFull):
                await gathered(entered.counted(pieces(bytes(3_000_000))))


async def test_reserve_larger_than_the_memory_is_refused(
    address: str, redis: Redis, tmp_path: Path
) -> None:
    """A start that could never let anything in says so."""
    await redis.config_set("maxmemory", 30 * MIB)
    with pytest.raises(CannotStart) as refused:
        async with open_vault(settings_of(address, tmp_path, MIN_FREE_DISK="32MB")):
            pass
    assert "MIN_FREE_DISK" in refused.value.reason


async def test_start_and_doctor_tell_what_is_lost(address: str, tmp_path: Path) -> None:
    """That the latch falls back with Redis, and that memory has no bound, is told each time."""
    settings = settings_of(address, tmp_path)
    with capture_logs() as logged:
        doubts = [found for found in await storage(settings) if found.grade is Grade.DOUBTFUL]
    for told in (str(logged), "".join(map(str, doubts))):
        assert "opened again" in told
        assert "set maxmemory" in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"MAX_FILE_SIZE": "17MB"}, "with BLOBS_URL=redis: at most 16MB"),
    ],
)
def test_settings_that_do_not_fit_are_refused(given: dict[str, str], told: str) -> None:
    """A key for all who share it, a Redis that somebody runs, and files that fit its memory."""
    assert at("redis://host").policy.max_size == 16_000_000
    with pytest.raises(CannotStart) as refused:
        at("redis://host", **given)
    assert told in refused.value.reason
