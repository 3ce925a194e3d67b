"""Whether this process can take secrets in and hand them out, looked at when somebody asks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from redis.exceptions import RedisError

from core.errors import OneTimeShareError
from core.redis_state import RedisState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.blobs import Blobs
    from core.redis_cluster import AnyRedis

T = TypeVar("T")

PATIENCE = 3.0  # seconds that each part may take to answer


@dataclass(frozen=True, slots=True)
class Ready:
    """What was found.

    `redis`: it answers and takes writes. `blobs`: the store takes a blob, which a disk without a
    byte left does not. `room`: disk and Redis let new secrets in; where not, those that are there
    still open, and that makes room, so it takes no process out of service. `durable`: Redis writes
    what it acknowledges to a disk and never drops a key; its operator was warned at the start.
    `stopping`: the process was told to end, and whoever sends requests to it should look elsewhere.
    """

    redis: bool
    blobs: bool
    room: bool
    durable: bool
    stopping: bool = False

    def __bool__(self) -> bool:
        return self.redis and self.blobs and not self.stopping


class Readiness:
    """Asks Redis and the blob store, both at once."""

    def __init__(
        self, redis: AnyRedis, blobs: Blobs, free: Callable[[], Awaitable[int]], spare: int
    ) -> None:
        """Take the parts, what tells the bytes left on the disks, and how many must be."""
        self._redis = redis
        self._blobs = blobs
        self._free = free
        self._spare = spare
        self.stopping = False  # set by whoever serves
        self._looking = asyncio.Lock()
        self._looks = 0
        self._found = Ready(redis=False, blobs=False, room=False, durable=False)

    async def look(self) -> Ready:
        """Tell how it stands, within a few seconds whatever hangs."""
        seen = self._looks
        async with self._looking:
            if self._looks == seen:  # else somebody else looked while we waited
                states, blobs, free = await asyncio.gather(
                    _asked(lambda: RedisState.read(self._redis)),
                    _asked(self._check),
                    _asked(self._free),
                )
                self._found = Ready(
                    redis=states is not None and all(one.takes_writes for one in states),
                    blobs=blobs is not None,
                    room=states is not None
                    and not any(one.full for one in states)
                    and free is not None
                    and free >= self._spare,
                    durable=states is not None and not any(one.risks() for one in states),
                )
                self._looks += 1
        return replace(self._found, stopping=self.stopping)

    async def _check(self) -> bool:
        await self._blobs.check()
        return True


async def _asked(ask: Callable[[], Awaitable[T]]) -> T | None:
    """Wait for an answer; None where there is none."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await ask()
    except (RedisError, OneTimeShareError, TimeoutError, OSError):
        return None
