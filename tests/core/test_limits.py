"""Limits: windows that move, shared by all processes; places; and room."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from core.allowance import (
    LIMITS,
    LOGINS,
    OPENS,
    UPLOADS,
    Allowance,
)
from core.errors import Busy, RateLimited, StorageFull, TooManyAtOnce, Unavailable
from core.gate import Gate
from core.keys import ServerKey
from core.limits import Limits, Windows
from core.redis_connection import pipe_to
from core.room import STORED_EVERY, Room
from core.scripts import Scripts
from core.secret import Kind
from core.statistics import LIMIT_HIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.bootstrap import House

START = 1_800_000_000_000  # ms
MINUTE = 60_000


class Processes:
    """Limits as several processes have them, on one Redis and a clock that the test turns."""

    def __init__(self, house: House) -> None:
        self.now = START
        self.house = house
        self.refused = 0
        self.scripts: list[Scripts] = []

    def start(self, **allowed: int) -> Limits:
        scripts = Scripts(pipe_to(self.house.redis))
        self.scripts.append(scripts)
        windows = Windows(scripts, self.clock)
        return Limits(
            *(windows, ServerKey(bytes(32)), Allowance(**allowed)),
            clock=self.clock,
            refused=self.note,
        )

    def clock(self) -> int:
        return self.now

    def note(self, _limit: str) -> None:
        self.refused += 1


@pytest.fixture
async def processes(house: House) -> AsyncIterator[Processes]:
    """Give processes whose trips end before the house does."""
    processes = Processes(house)
    yield processes
    for scripts in processes.scripts:
        await scripts.aclose()


async def again_in(limits: Limits, what: str, who: str) -> float:
    """See one refused; tell in how many seconds it may come again."""
    with pytest.raises(RateLimited) as refused:
        await limits.count(what, who)
    return refused.value.retry_after


async def test_the_window_moves_with_the_clock_for_all_processes(processes: Processes) -> None:
    """Each upload counts for an hour from its own moment, whichever process let it in."""
    one, other = processes.start(uploads_per_hour=2), processes.start(uploads_per_hour=2)
    await one.count(UPLOADS, "a")
    processes.now += 20 * MINUTE
    await other.count(UPLOADS, "a")
    processes.now += 10 * MINUTE
    with pytest.raises(RateLimited) as refused:
        await one.count(UPLOADS, "a")
    assert (refused.value.limit, refused.value.retry_after) == (2, 30 * 60 + 1)
    assert refused.value.again_at == datetime.fromtimestamp(START / 1000 + 3600.001, UTC)
    assert await again_in(other, UPLOADS, "a") == 30 * 60 + 1
    await one.count(UPLOADS, "b")
    processes.now += 30 * MINUTE
    assert await again_in(one, UPLOADS, "a") == 1, "not a moment too early"
    processes.now += 1
    await one.count(UPLOADS, "a")
    assert await again_in(other, UPLOADS, "a") == 20 * 60, "the second one counts still"
    assert processes.refused == 4


async def test_each_limit_is_its_own_and_zero_is_none(processes: Processes) -> None:
    """What is used up for one purpose is not for another; 0 lets everything in, uncounted."""
    limits = processes.start(opens_per_minute=1, logins_per_minute=1, uploads_per_hour=0)
    for what in (OPENS, LOGINS):
        await limits.count(what, "a")
        assert await again_in(limits, what, "a") == 61
    for _ in range(10):
        await limits.count(UPLOADS, "a")
    assert len(await processes.house.redis.keys("ots:limit:*")) == 2


async def test_many_at_once_are_let_in_up_to_the_limit(processes: Processes) -> None:
    """Whoever comes in a rush to several processes gets what is allowed: not one more, nor less."""
    limits = [processes.start(opens_per_minute=100) for _ in range(2)]
    rush = (limits[n % 2].count(OPENS, "a") for n in range(150))
    told = await asyncio.gather(*rush, return_exceptions=True)
    assert told.count(None) == 100
    assert sum(isinstance(one, RateLimited) for one in told) == 50


async def test_who_is_over_the_limit_costs_redis_nothing(processes: Processes) -> None:
    """A process asks once; until the moment it was told, it refuses by itself."""
    limits = processes.start(opens_per_minute=1)
    await limits.count(OPENS, "a")
    await again_in(limits, OPENS, "a")

    async def commands() -> int:
        answered: int = (await processes.house.redis.info("stats"))["total_commands_processed"]
        return answered

    before = await commands()
    for _ in range(100):
        await again_in(limits, OPENS, "a")
    assert await commands() == before + 1


async def test_count_waits_for_no_disk(processes: Processes) -> None:
    """Counts stay out of the log that makes every other step durable."""

    async def written() -> int:
        size: int = (await processes.house.redis.info("persistence"))["aof_current_size"]
        return size

    limits, before = processes.start(uploads_per_hour=100), await written()
    for _ in range(50):
        await limits.count(UPLOADS, "a")
    counted = await written() - before  # what else the house writes in that time is little
    for number in range(50):
        await processes.house.redis.set(f"control {number}", "x")
    assert counted < (await written() - before - counted) / 2


async def test_redis_learns_nobody(processes: Processes) -> None:
    """Keys of limits are keyed hashes: neither what was counted nor its key names who it was."""
    await processes.start().count(UPLOADS, "192.0.2.77")
    [key] = await processes.house.redis.keys("ots:limit:*")
    assert b"192.0.2" not in key
    assert 3500 < await processes.house.redis.ttl(key) <= 3600
    other = Limits(
        Windows(processes.scripts[0], processes.clock),
        *(ServerKey(bytes([1]) * 32), Allowance()),
    )
    await other.count(UPLOADS, "192.0.2.77")
    assert len(await processes.house.redis.keys("ots:limit:*")) == 2


async def test_many_at_once_share_what_is_left(processes: Processes) -> None:
    """Of a storm from two processes as many are let in as the limit says, and no more."""
    both = [processes.start(uploads_per_hour=7), processes.start(uploads_per_hour=7)]
    storm = (limits.count(UPLOADS, "a") for limits in both for _ in range(20))
    told = await asyncio.gather(*storm, return_exceptions=True)
    assert [isinstance(answer, RateLimited) for answer in told].count(False) == 7


async def test_without_redis_nobody_is_let_in(processes: Processes) -> None:
    """An outage is told as one, by the error that is answered with 503."""
    limits = processes.start()
    await processes.house.redis.script_flush()
    await limits.count(UPLOADS, "a")  # a server that knows no script is taught
    await processes.house.redis.config_set("min-replicas-to-write", 1)
    with pytest.raises(Unavailable):
        await limits.count(UPLOADS, "a")


class Disk:
    """A disk that says how full it is, and how often it was asked."""

    def __init__(self, *, free: int = 0, stored: int = 0) -> None:
        self.left, self.kept, self.asked, self.seconds = free, stored, 0, 0.0

    async def free(self) -> int:
        self.asked += 1
        return self.left

    async def stored(self) -> int:
        self.asked += 1
        return self.kept

    def clock(self) -> float:
        return self.seconds

    def room(self, **allowed: int) -> Room:
        return Room(Allowance(**allowed), free=self.free, stored=self.stored, clock=self.clock)


async def test_room_ends_where_the_disk_says() -> None:
    """What was taken in since the last look counts; the disk itself is asked now and then."""
    disk = Disk(free=1000)
    room = disk.room(min_free_disk=400)
    await room.check(600)
    with pytest.raises(StorageFull):
        await room.check(601)
    for _ in range(6):
        await room.take(100)
    with pytest.raises(StorageFull):
        await room.take(1)
    assert disk.asked == 1
    disk.seconds, disk.left = 10.0, 900
    await room.check(500)
    assert disk.asked == 2


async def test_room_ends_where_the_operator_says() -> None:
    """The total counts what is stored, and makes room again when something went."""
    disk = Disk(stored=70)
    room = disk.room(max_total_size=100)
    await room.check(30)
    await room.take(30)
    with pytest.raises(StorageFull):
        await room.take(1)
    disk.seconds, disk.kept = STORED_EVERY, 50
    await room.check(50)


async def test_store_adds_up_what_lies_in_it(house: House) -> None:
    """Sealed bytes of whatever age count, also while they are being written."""
    before = await house.blobs.stored()

    async def content() -> AsyncIterator[bytes]:
        yield bytes(300_000)
        yield bytes(300_000)
        assert await house.blobs.stored() > before
        yield bytes(400_000)

    await house.vault.seal(content(), kind=Kind.FILE)
    assert 1_000_000 < await house.blobs.stored() - before < 1_010_000
    assert await house.blobs.free() > 0


async def test_places_are_few_and_come_back(house: House) -> None:
    """One sender has some of the places, all senders have all; each end frees one."""
    allowed = Allowance(uploads_at_once=3, uploads_at_once_each=2)
    gate = Gate(house.limits, Disk().room(), allowed)
    with gate.entered("a"):
        with gate.entered("a"), pytest.raises(TooManyAtOnce) as refused, gate.entered("a"):
            pass
        assert refused.value.limit == 2
        with gate.entered("a"), gate.entered("b"), pytest.raises(Busy), gate.entered("c"):
            pass
        with gate.entered("a"), gate.entered("c"):
            pass


async def test_refused_before_a_byte_is_asked_for(processes: Processes) -> None:
    """Without room, or over a limit that is known, content is not even begun."""
    begun = False

    async def content() -> AsyncIterator[bytes]:
        nonlocal begun
        begun = True
        yield b"x"

    empty, full = Disk().room(), Disk(free=10).room(min_free_disk=20)
    limits = processes.start(uploads_per_hour=1)
    await limits.count(UPLOADS, "b")
    await again_in(limits, UPLOADS, "b")
    for room, who, refusal in ((full, "a", StorageFull), (empty, "b", RateLimited)):
        with Gate(limits, room, Allowance()).entered(who) as entered:
            with pytest.raises(refusal):
                await anext(entered.counted(content()))
            assert not begun


async def test_each_refusal_says_which_limit(house: House) -> None:
    """Every limit counts under its own name, and all of them together as before."""
    refused = house.statistics.refused
    limits = Limits(
        Windows(house.scripts),
        house.vault.server_key,
        Allowance(uploads_per_hour=1, opens_per_minute=1, logins_per_minute=1),
        refused=refused,
    )
    for what in (UPLOADS, OPENS, LOGINS):
        await limits.count(what, "a")
        with pytest.raises(RateLimited):
            await limits.count(what, "a")
    gate = Gate(limits, Disk().room(), Allowance(uploads_at_once=2, uploads_at_once_each=1))
    with gate.entered("a"):
        with pytest.raises(TooManyAtOnce), gate.entered("a"):
            pass
        with gate.entered("b"), pytest.raises(Busy), gate.entered("c"):
            pass
    disk = Disk(free=10)
    room = Room(Allowance(min_free_disk=20), free=disk.free, stored=disk.stored, refused=refused)
    with pytest.raises(StorageFull):
        await room.check(1)
    [now] = (await house.statistics.hours(1)).values()
    assert now["limit_hits"] == len(LIMITS)
    for limit in LIMITS:
        assert now[f"{LIMIT_HIT}{limit}"] == 1
        told = {"limit": limit}
        assert house.metrics.registry.get_sample_value("onetimeshare_limit_hits_total", told) == 1
