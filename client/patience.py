"""How long a command tries again by itself, and how it waits in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from client.failure import Broken

FIRST, LONGEST = 0.25, 15.0  # seconds


class Patience:
    """Waits, longer each time, until `limit` seconds have passed since the last progress."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.renew()

    def renew(self) -> None:
        """Begin anew: there was progress."""
        self._pause = FIRST
        self._end = asyncio.get_running_loop().time() + self._limit

    async def wait(self, broken: Broken) -> None:
        """Wait before another try.

        Raises:
            Broken: the same, when the time is over, or would be by then.
        """
        pause = max(self._pause, broken.wait)
        if asyncio.get_running_loop().time() + pause > self._end:
            raise broken
        await asyncio.sleep(pause)
        self._pause = min(self._pause * 2, LONGEST)
