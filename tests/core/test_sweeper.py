"""The sweeper deletes what is over and nothing else, and stops when told."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from core.background import beside
from core.clock import now_ms
from core.errors import Gone
from core.handout import Handout
from core.link import Claim, SecretId
from core.receipts import REMEMBERED, STREAM
from core.record import INDEX_SHARDS
from core.records import SOON, Records
from core.secret import Kind
from core.sweeper import Sweeper
from tests.contents import pieces, received

if TYPE_CHECKING:
    from pathlib import Path

    from core.bootstrap import House
    from core.settings import Settings

HOUR = 3600
WINDOW = 15 * 60 * 1000  # ms


def blob_files(settings: Settings) -> list[Path]:
    return [p for p in (settings.data_dir / "blobs").rglob("*") if p.is_file()]


def age(path: Path, seconds: float) -> None:
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


@pytest.fixture
def believing(house: House, monkeypatch: pytest.MonkeyPatch) -> Sweeper:
    """Give a sweeper to which this Redis has run for long enough."""
    monkeypatch.setattr("core.sweeper.UPTIME", 0)
    return house.sweeper


def sweeper_with(house: House, records: Records) -> Sweeper:
    return Sweeper(
        redis=house.redis,
        records=records,
        blobs=house.blobs,
        handout=Handout(records, house.blobs),
        outbox=house.outbox,
        receipts=house.receipts,
    )


async def test_sweeper_stops_whatever_it_is_doing(house: House) -> None:
    """Ended at any moment of a round, it ends at once, though Redis' client can lose the order."""
    assert isinstance(house.redis, Redis)
    for moment in range(40):
        await house.redis.connection_pool.disconnect()
        async with asyncio.timeout(5), beside(house.sweeper.run()) as sweeping:
            await asyncio.sleep(moment / 2000)
        assert sweeping.done()


@pytest.mark.parametrize("content", [b"x", bytes(10_000)])
async def test_live_secret_outlives_every_sweep(
    house: House, believing: Sweeper, settings: Settings, content: bytes
) -> None:
    """A secret that waits is never touched, however old its blob is, wherever that lies."""
    sealed = await house.vault.seal(pieces(content), kind=Kind.FILE)
    for path in blob_files(settings):
        age(path, HOUR)
    await believing.sweep()
    link = sealed.link
    assert await received(house.vault, link.id, link.key, Claim.random()) == content


async def test_blob_without_a_record_goes_after_a_while(
    house: House, believing: Sweeper, settings: Settings
) -> None:
    """What a crash left between blob and record is deleted, but not while it could be in use."""
    limit = 4_000_000_000_000
    await house.blobs.put(SecretId.random(), limit, pieces(b"sealed"))
    await believing.sweep()
    [left] = blob_files(settings)
    age(left, HOUR)
    await believing.sweep()
    assert blob_files(settings) == []


async def test_redis_that_just_started_is_not_believed(house: House, settings: Settings) -> None:
    """A Redis that may have lost its memory is no reason to delete anything."""
    await house.blobs.put(SecretId.random(), 4_000_000_000_000, pieces(b"sealed"))
    [left] = blob_files(settings)
    age(left, HOUR)
    await house.sweeper.sweep()
    assert blob_files(settings) == [left]


async def test_half_written_blob_goes_after_a_while(house: House, settings: Settings) -> None:
    """What a crash left half-written is deleted when nobody can be writing it any more."""
    incoming = settings.data_dir / "blobs" / "incoming"
    old, new = incoming / "old", incoming / "new"
    for path in (old, new):
        path.write_bytes(b"half")
    age(old, HOUR)
    await house.sweeper.sweep()
    assert blob_files(settings) == [new]


async def test_latches_stay_until_long_after_the_limit(house: House, settings: Settings) -> None:
    """A latch outlives its blob; its whole day goes when no secret of it can be asked for."""
    root = settings.data_dir / "blobs"
    for day in ("20200101", "29990101"):
        (root / day).mkdir()
        (root / day / "id.latch").symlink_to("claim")
    await house.sweeper.sweep()
    assert [path.parent.name for path in root.rglob("*.latch")] == ["29990101"]


async def test_step_between_a_look_and_its_note_is_seen_to(house: House) -> None:
    """Bytes that left while the sweeper looked burn when their window ends, not days later."""
    link = (await house.vault.seal(pieces(b"x"), kind=Kind.FILE)).link
    index = f"ots:due:{link.id.raw[0] % 64}"
    await house.redis.zadd(index, {link.id.raw: 1})

    class Overtaken(Records):
        """Somebody receives the secret just before the note of when to look again."""

        async def look_again(self, secret_id: SecretId, due: int) -> None:
            with suppress(Gone):
                await received(house.vault, link.id, link.key, Claim.random())
            await super().look_again(secret_id, due)

    await sweeper_with(house, Overtaken(house.scripts, house.outbox)).look()
    score = await house.redis.zscore(index, link.id.raw) or 0
    assert score - now_ms() <= WINDOW


async def test_receipts_go_after_a_week_in_silence(house: House) -> None:
    """Where a sender was to be told is forgotten in time, though nothing happens any more."""
    old, new = now_ms() - REMEMBERED - 1000, now_ms() - REMEMBERED + 60_000
    for moment in (old, new):
        await house.redis.xadd(STREAM, {"secret": "x"}, id=f"{moment}-0")
    await house.sweeper.sweep()
    assert await house.redis.xlen(STREAM) == 1
    assert await house.redis.xrange(STREAM, min=f"{new}-0")


async def test_what_the_store_refuses_does_not_stop_a_round(
    house: House, believing: Sweeper, settings: Settings
) -> None:
    """Where one secret's latch can't be read, another's leftovers still go."""
    await house.vault.seal(pieces(bytes(10_000)), kind=Kind.FILE)
    [path] = blob_files(settings)
    path.with_name(f"{path.name}.latch").touch()  # not a link: nobody can say who holds it
    left = SecretId.random()
    await house.blobs.put(left, 3_900_000_000_000, pieces(b"sealed"))
    [path] = [path for path in blob_files(settings) if path.name == str(left)]
    age(path, HOUR)
    for _ in range(INDEX_SHARDS):
        await believing.sweep()
    assert not path.exists()


async def test_latch_that_could_not_be_read_is_asked_again_soon(
    house: House, settings: Settings
) -> None:
    """Where a claim lapsed, the latch says whether it was used: if not now, then in a minute."""
    link = (await house.vault.seal(pieces(bytes(10_000)), kind=Kind.FILE)).link
    [path] = blob_files(settings)
    path.with_name(f"{path.name}.latch").touch()  # not a link: nobody can say who holds it
    index = f"ots:due:{link.id.raw[0] % 64}"
    await house.redis.zadd(index, {link.id.raw: 1})
    await house.sweeper.look()
    assert (await house.redis.zscore(index, link.id.raw) or 0) <= now_ms() + SOON


async def test_what_is_due_at_once_is_seen_to_side_by_side(house: House) -> None:
    """Thousands that end in the same minute don't wait for each other's round trips."""
    links = [(await house.vault.seal(pieces(b"x"), kind=Kind.FILE)).link for _ in range(4)]
    for link in links:
        await house.redis.zadd(f"ots:due:{link.id.raw[0] % 64}", {link.id.raw: 1})
    meeting = asyncio.Barrier(len(links))

    class Met(Records):
        """Nobody goes on before all have come."""

        async def look_again(self, secret_id: SecretId, due: int) -> None:
            await meeting.wait()
            await super().look_again(secret_id, due)

    async with asyncio.timeout(15):
        await sweeper_with(house, Met(house.scripts, house.outbox)).look()
