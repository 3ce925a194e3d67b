"""Redis and the blob store, as a start would find them."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from core.blobs import BOUNDLESS
from core.bootstrap import open_vault
from core.clock import now_ms
from core.embedded import join_redis
from core.errors import CannotStart, OneTimeShareError
from core.link import SecretId
from core.quantities import show_size
from core.redis_address import Kind
from core.redis_sentinel import silent_sentinels
from core.redis_state import RedisState
from doctor.finding import bad, doubtful, good

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from core.bootstrap import House
    from core.redis_address import RedisAddress
    from core.redis_cluster import AnyRedis
    from core.settings import Settings
    from doctor.finding import Finding

REDIS, BLOBS = "Redis", "blob store"
TRIES = 20
SLOW_ANSWER, SLOW_WRITE, SLOW_BLOB = 0.005, 0.02, 0.25  # seconds, in the middle of the tries
APART = 2.0  # seconds between two clocks
PROBE = "ots:doctor"
DAY = 24 * 60 * 60 * 1000


async def storage(settings: Settings) -> list[Finding]:
    """Open them as a server does; what can't be opened is told with its reason."""
    if settings.redis_url is None:
        try:
            join_redis(settings.data_dir)
        except CannotStart as nobody:
            return [
                doubtful(REDIS, f"neither it nor the blob store was looked at. {nobody.reason}")
            ]
    try:
        async with open_vault(settings, own_redis=False) as house:
            found = await _redis(house.redis, settings.redis_url)
            found += await _blobs(house, settings)
            return found + await _latches(house.redis, settings)
    except CannotStart as error:
        return [bad("start", error.reason)]


async def _redis(redis: AnyRedis, address: RedisAddress | None) -> list[Finding]:
    try:
        states = await RedisState.read(redis)
        found = [finding for state in states for finding in _kept(state, address)]
        found.append(await _speed(REDIS, "answers", redis.ping, SLOW_ANSWER))
        if all(state.takes_writes and not state.full for state in states):
            found.append(await _speed(REDIS, "writes", lambda: _write(redis), SLOW_WRITE))
        return [*found, await _clocks(redis), *await _sentinels(address)]
    except RedisError as error:
        return [bad(REDIS, f"it stopped answering: {type(error).__name__}")]


async def _write(redis: AnyRedis) -> None:
    await redis.set(PROBE, 1, px=1000)


def _kept(state: RedisState, address: RedisAddress | None) -> list[Finding]:
    about = f"{REDIS} {state.server}".rstrip()
    found = [bad(about, risk) for risk in state.risks()]
    if not state.takes_writes:
        told = "it is read-only, loading, too few replicas follow it, or its disk is full"
        found.append(bad(about, f"takes no writes: {told}"))
    if state.full:
        told = (
            f"its memory of {show_size(state.most)} is used up: nothing is let in; raise maxmemory"
        )
        found.append(bad(about, told))
    if state.fsync is None:
        found.append(doubtful(about, "tells nobody its appendfsync: it must be always"))
    if state.replicas and not (address and address.replicas):
        undone = "acknowledges what no replica has yet, and a fail-over may undo that"
        found.append(doubtful(about, f"{undone}: write replicas=1 in REDIS_URL"))
    return found or [good(about, f"version {state.version} keeps what it acknowledges")]


async def _sentinels(address: RedisAddress | None) -> list[Finding]:
    if address is None or address.kind is not Kind.SENTINEL:
        return []
    silent = await silent_sentinels(address)
    answer = f"{len(address.nodes) - len(silent)} of {len(address.nodes)} answer"
    return [
        good("sentinels", answer),
        *(doubtful(f"sentinel {host}:{port}", why) for (host, port), why in silent.items()),
    ]


async def _clocks(redis: AnyRedis) -> Finding:
    before = time.time()
    seconds, micros = await redis.time()
    apart = abs(seconds + micros / 1e6 - (before + time.time()) / 2)
    if apart > APART:
        return bad("clock", f"{apart:.0f} s apart from Redis': run an NTP client on both machines")
    return good("clock", "agrees with Redis'")


async def _blobs(house: House, settings: Settings) -> list[Finding]:
    spare = settings.allowance.min_free_disk
    try:
        free = await house.free()
        kept = await _speed(BLOBS, "keeps 1 KiB", lambda: _kept_and_read(house), SLOW_BLOB)
    except OneTimeShareError as error:
        reason = error.__cause__ or type(error).__name__
        return [bad(BLOBS, f"does not give back what it took: {reason}")]
    if free < spare:
        told = f"{show_size(free)} left, less than MIN_FREE_DISK: nothing is let in; make room"
        return [kept, bad(BLOBS, told)]
    left = "has no bound of its own" if free >= BOUNDLESS else f"{show_size(free)} left"
    return [kept, good(BLOBS, f"{left}; a latch there can be had only once")]


async def _latches(redis: AnyRedis, settings: Settings) -> list[Finding]:
    """Tell what there is to know where they lie in Redis."""
    if not settings.blobs.in_redis:
        return []
    try:
        states = await RedisState.read(redis)
        return [doubtful(BLOBS, risk) for risk in RedisState.risks_of_blobs(states)]
    except RedisError as error:
        return [bad(REDIS, f"it stopped answering: {type(error).__name__}")]


async def _kept_and_read(house: House) -> None:
    one, limit, body = SecretId.random(), now_ms() + DAY, bytes(1024)
    await house.blobs.put(one, limit, _once(body))
    try:
        async with house.blobs.open(one, limit) as blob:
            await blob.read(0, len(body))
    finally:
        await house.blobs.shred(one, limit)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _speed(
    about: str, what: str, do: Callable[[], Awaitable[object]], slow: float
) -> Finding:
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        await do()
        took.append(time.perf_counter() - began)
    told = f"{what} in {median(took) * 1000:.1f} ms"
    if median(took) > slow:
        return doubtful(about, f"{told}: every secret waits for that; bring it nearer, or a disk")
    return good(about, told)
