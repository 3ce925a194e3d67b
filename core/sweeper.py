"""What is cleaned, when: it deletes only what a record says is over, or what never had one.

Nothing here can delete a live secret, in whatever order it meets a creation: before bytes without
a record go, their id is taken for good, so that a creation which comes late is refused.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import LockError, OutOfMemoryError, RedisError

from core.background import beside
from core.clock import now_ms
from core.errors import Gone, Newer, OneTimeShareError
from core.link import SecretId
from core.record import INDEX_SHARDS
from core.records import SOON
from core.redis_state import RedisState
from core.secret import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis.asyncio.lock import Lock

    from core.blobs import Blobs, Lying
    from core.clock import Clock
    from core.handout import Handout
    from core.outbox import Outbox
    from core.receipts import Receipts
    from core.record import Settled
    from core.records import Records
    from core.redis_cluster import AnyRedis

log = structlog.get_logger()

OFTEN = 2.0  # seconds between two looks at what is due: its sender wants to know
EVERY = 60.0  # seconds between two whole rounds
ORPHANS_EVERY = 15  # rounds; a walk through all blobs
LOCK, SWEPT = "ots:sweeper", "ots:swept"
LEASE = 30.0  # seconds that a replica which died in its round keeps the others from theirs
UPTIME = 15 * 60  # seconds that Redis must have run before a missing record counts as missing
AT_ONCE = 500  # secrets of one shard in one go
SIDE_BY_SIDE = 64  # secrets that share their round trips and fsyncs


class Sweeper:
    """One replica does a whole round a minute; each step may be repeated, or done by two."""

    def __init__(  # noqa: PLR0913 - everything that is cleaned
        self,
        *,
        redis: AnyRedis,
        records: Records,
        blobs: Blobs,
        handout: Handout,
        outbox: Outbox,
        receipts: Receipts,
        clock: Clock = now_ms,
    ) -> None:
        self._redis = redis
        self._records = records
        self._blobs = blobs
        self._handout = handout
        self._outbox = outbox
        self._receipts = receipts
        self._clock = clock
        self._walked = 0

    async def run(self) -> None:
        """Sweep at once and then every minute, and see to what is due between, until cancelled."""
        rounds = 0
        for tick in count():
            try:
                if tick % (EVERY // OFTEN):
                    await self.look()
                elif await self._sweep_alone(orphans=rounds % ORPHANS_EVERY == 0):
                    rounds += 1
            except Exception as error:  # noqa: BLE001 - one bad round must not be the last
                log.warning("sweep failed", error=type(error).__name__)
            await asyncio.sleep(OFTEN)

    async def _sweep_alone(self, *, orphans: bool) -> bool:
        """Do one round unless another replica is at it, or was within the last minute."""
        if await self._redis.exists(SWEPT):
            return False
        lock = self._redis.lock(LOCK, timeout=LEASE, blocking=False)
        try:
            if not await lock.acquire(token=f"{os.getpid()}-{secrets.token_hex(4)}"):
                return False
        except OutOfMemoryError:  # not even for that is there room: two may do the same round
            await self.sweep(orphans=orphans)
            return True
        try:
            async with beside(_hold(lock)):
                await self.sweep(orphans=orphans)
            with suppress(RedisError):  # without it the others sweep sooner than they need to
                await self._redis.set(SWEPT, 1, px=round(1000 * (EVERY - OFTEN)))
        finally:
            # A failure to release must not take the place of what ended the round.
            with suppress(LockError, RedisError):
                await lock.release()
        return True

    async def sweep(self, *, orphans: bool = True) -> None:
        """Do one whole round."""
        await self.look()
        with _left_for_later():
            await self._blobs.sweep(self._clock())
        if await self._remembers():
            await self._look_for_lost()
            if orphans:
                async for lying in self._blobs.settled(self._clock()):
                    with suppress(Newer):  # its own server sees to it
                        await self._adopt(lying)
        await self._receipts.forget(self._clock())
        await self._outbox.flush()

    async def look(self) -> None:
        """Do what is due. What fails is put off, so that it can't stand in the way of the rest."""
        due = await self._records.due(self._clock(), AT_ONCE)
        for start in range(0, len(due), SIDE_BY_SIDE):
            async with asyncio.TaskGroup() as group:
                for secret_id in due[start : start + SIDE_BY_SIDE]:
                    group.create_task(self._see_to(secret_id))

    async def _see_to(self, secret_id: SecretId) -> None:
        try:
            await self._settle(secret_id)
        except Exception as error:  # noqa: BLE001 - not even a damaged record may stop the rest
            log.warning("a due secret waits", error=type(error).__name__)
            await self._records.look_again(secret_id, self._clock() + SOON)

    async def _settle(self, secret_id: SecretId) -> None:
        settled = await self._records.settle(secret_id)
        if settled is not None and settled.asks:
            await self._handout.expire(secret_id, settled.limit)
            settled = await self._records.settle(secret_id)
        if settled is not None and settled.state is State.READY:
            # Its claim may have lapsed after the bytes were handed out: the latch knows.
            await self._compare(secret_id, settled)
            settled = await self._records.settle(secret_id)
        while settled is not None and not settled.over:
            due = settled.due
            await self._records.look_again(secret_id, due)
            # A step that came in between noted an earlier look, which is overwritten now.
            settled = await self._records.settle(secret_id)
            if settled is not None and settled.due >= due:
                return
        if settled is not None:
            await self._blobs.shred(secret_id, settled.limit)
        self._records.over(secret_id)

    async def _remembers(self) -> bool:
        """Only a Redis that has run for a while is believed that a record never was."""
        states = await RedisState.read(self._redis)
        return all(not one.loading and one.uptime >= UPTIME for one in states)

    async def _adopt(self, lying: Lying) -> None:
        """Delete bytes whose creation ended before its record, or whose record is over or gone."""
        settled = await self._records.settle(lying.secret_id)
        if settled is None:
            if not await self._records.forestall(lying.secret_id):
                return  # it was created in this very moment
        elif not settled.over:
            return
        with _left_for_later():
            await self._blobs.shred(lying.secret_id, lying.limit)

    async def _look_for_lost(self) -> None:
        """Look at some waiting secrets each round: are their bytes there, and still unlatched?"""
        shard, self._walked = self._walked, (self._walked + 1) % INDEX_SHARDS
        for raw in await self._records.indexed(shard, AT_ONCE):
            with suppress(Newer):  # its own server sees to it
                await self._look_for(SecretId(raw))

    async def _look_for(self, secret_id: SecretId) -> None:
        settled = await self._records.settle(secret_id)
        if settled is not None and settled.state in {State.READY, State.CLAIMED}:
            with _left_for_later():
                await self._compare(secret_id, settled)

    async def _compare(self, secret_id: SecretId, settled: Settled) -> None:
        holder = await self._blobs.holder(secret_id, settled.limit)
        if holder is not None:  # Redis forgot an opening
            with suppress(Gone):
                await self._handout.follow(secret_id, holder)
        elif not settled.kept and not await self._blobs.has(secret_id, settled.limit):
            await self._records.lose(secret_id)


async def _hold(lock: Lock) -> None:
    """Prolong the lock until cancelled. Where that fails a second replica may join in: no harm."""
    while True:
        await asyncio.sleep(LEASE / 3)
        with suppress(RedisError):
            await lock.reacquire()


@contextmanager
def _left_for_later() -> Iterator[None]:
    """Let what the store refuses wait for the next round: the rest must not wait with it."""
    try:
        yield
    except OneTimeShareError as error:
        log.warning("a part of the sweep waits", error=type(error).__name__)
