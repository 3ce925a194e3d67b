"""What is cleaned, when: it deletes only what a record says is over, or what never had one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import LockError, RedisError

from core.blobs import REVOKED
from core.handout import now_ms
from core.link import SecretId
from core.records import INDEX_SHARDS
from core.secret import State

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from core.blobs import Blobs
    from core.records import Records, Settled

log = structlog.get_logger()

EVERY = 60.0  # seconds
ORPHANS_EVERY = 15  # rounds; a walk through all blobs
UPTIME = 15 * 60  # seconds that Redis must have run before a missing record counts as missing
AT_ONCE = 500  # due secrets of one shard in one go


class Sweeper:
    """One replica sweeps at a time; each step may be repeated or left out."""

    def __init__(self, redis: Redis, records: Records, blobs: Blobs) -> None:
        self._redis = redis
        self._records = records
        self._blobs = blobs

    async def run(self) -> None:
        """Sweep at once and then every minute, until cancelled."""
        rounds = 0
        while True:
            try:
                if await self._sweep_alone(orphans=rounds % ORPHANS_EVERY == 0):
                    rounds += 1
            except Exception as error:  # noqa: BLE001 - one bad round must not be the last
                log.warning("sweep failed", error=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def _sweep_alone(self, *, orphans: bool) -> bool:
        """Do one round unless another replica is at it."""
        lock = self._redis.lock("ots:sweeper", timeout=10 * EVERY, blocking=False)
        if not await lock.acquire():
            return False
        try:
            await self.sweep(orphans=orphans)
        finally:
            # A failure to release must not take the place of what ended the round.
            with suppress(LockError, RedisError):
                await lock.release()
        return True

    async def sweep(self, *, orphans: bool = True) -> None:
        """Do one round."""
        for shard in range(INDEX_SHARDS):
            due = await self._redis.zrange(
                f"ots:due:{shard}", 0, now_ms(), byscore=True, offset=0, num=AT_ONCE
            )
            for raw in due:
                await self._settle(SecretId(raw))  # type: ignore[arg-type]  # bytes, without scores
        await self._blobs.sweep(now_ms())
        if orphans and await self._remembers():
            async for secret_id, limit in self._blobs.settled(now_ms()):
                await self._adopt(secret_id, limit)

    async def _settle(self, secret_id: SecretId) -> None:
        settled = await self._records.settle(secret_id)
        if settled is None or not settled.due:
            if settled is not None:
                await self._blobs.shred(secret_id, settled.limit, _holder(settled))
            await self._records.look_again(secret_id, 0)
        else:
            await self._records.look_again(secret_id, settled.due)

    async def _remembers(self) -> bool:
        """Only a Redis that has run for a while is believed that a record never was."""
        info: dict[str, int] = await self._redis.info()
        return info["loading"] == 0 and info["uptime_in_seconds"] >= UPTIME

    async def _adopt(self, secret_id: SecretId, limit: int) -> None:
        """Delete a blob whose creation ended before its record."""
        settled = await self._records.settle(secret_id)
        if settled is None or not settled.due:
            await self._blobs.shred(secret_id, limit, None)


def _holder(settled: Settled) -> str | None:
    if settled.state is State.REVOKED:
        return REVOKED
    return settled.claim or None if settled.state is State.BURNED else None
