"""Whether there is room for more: bytes that lie here already, and what is left of the disk.

Both are looked up now and then. What this process took in meanwhile is added, so that uploads are
stopped where the room ends, without a look for each piece of them.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from core.allowance import STORAGE
from core.errors import StorageFull

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.allowance import Allowance

log = structlog.get_logger()

FREE_EVERY = 2.0  # seconds between looks at what is left of the disk
STORED_EVERY = 30.0  # seconds between counts of all that is stored

Seconds = "Callable[[], float]"


class Room:
    """Refuses what would not fit."""

    def __init__(
        self,
        allowance: Allowance,
        *,
        free: Callable[[], Awaitable[int]],
        stored: Callable[[], Awaitable[int]],
        clock: Callable[[], float] = time.monotonic,
        refused: Callable[[str], None] = lambda _limit: None,
    ) -> None:
        """Take what looks up the bytes left on the disk, and those that are stored.

        `refused` is told of every refusal, by which limit.
        """
        self._refused = refused
        self._most = allowance.max_total_size
        self._spare = allowance.min_free_disk
        self._free = _Figure(free, FREE_EVERY, clock)
        self._stored = _Figure(stored, STORED_EVERY, clock)

    async def check(self, size: int) -> None:
        """Refuse what is larger than the room that there is.

        Raises:
            StorageFull: it is.
            Unavailable: the store does not answer.
        """
        if self._spare:
            left = await self._free.seen() - self._free.since - size
            self._refuse_unless(left >= self._spare)
        if self._most:
            stored = await self._stored.seen() + self._stored.since + size
            self._refuse_unless(stored <= self._most)

    async def take(self, size: int) -> None:
        """Count what is taken in now, and refuse it once there is no room for it.

        Raises:
            As `check` does.
        """
        self._free.since += size
        self._stored.since += size
        await self.check(0)

    def give_back(self, size: int) -> None:
        """Have room again for what was taken in and dropped."""
        self._free.since -= size
        self._stored.since -= size

    def _refuse_unless(self, fits: bool) -> None:  # noqa: FBT001 - what is asked
        if not fits:
            log.warning("storage is full")
            self._refused(STORAGE)
            raise StorageFull


class _Figure:
    """A number of bytes that is looked up now and then; `since` are those taken in meanwhile."""

    def __init__(
        self, look: Callable[[], Awaitable[int]], every: float, clock: Callable[[], float]
    ) -> None:
        self.since = 0
        self._look = look
        self._every = every
        self._clock = clock
        self._looking = asyncio.Lock()
        self._looked_at = -every
        self._value = 0

    async def seen(self) -> int:
        if self._clock() - self._looked_at >= self._every:
            async with self._looking:
                if self._clock() - self._looked_at >= self._every:
                    await self._look_up()
        return self._value

    async def _look_up(self) -> None:
        before = self.since
        self._value = await self._look()
        self.since -= before  # what came during the look may be in it or not: it counts
        self._looked_at = self._clock()
