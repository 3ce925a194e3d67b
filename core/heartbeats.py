"""Which doors are open: each says so every few seconds, in whichever process it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.clock import now_ms
from core.errors import Unavailable

if TYPE_CHECKING:
    from core.scripts import Scripts

KEY = "ots:doors"
EVERY = 15.0  # seconds
SILENT = 60.0  # seconds without a heartbeat after which a door counts as closed


class Heartbeats:
    """The last sign of life of each door."""

    def __init__(self, scripts: Scripts) -> None:
        self._run = scripts

    async def beat(self, door: str) -> None:
        """Give signs of life until cancelled. A door that breaks at once gives none."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.note(door)
            except Unavailable:
                continue

    async def note(self, door: str) -> None:
        """Give one sign of life.

        Raises:
            Unavailable: Redis does not answer.
        """
        await self._run("spare", KEY, "HSET", door, now_ms())

    async def last(self) -> dict[str, datetime]:
        """Tell when each door gave its last one.

        Raises:
            Unavailable: Redis does not answer.
        """
        [told] = await self._run.together(("HGETALL", KEY))
        return {
            door.decode(): datetime.fromtimestamp(int(at) / 1000, UTC) for door, at in told.items()
        }
