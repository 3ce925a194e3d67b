"""How a door reads what waits for it in a stream: with its replicas, and each entry to the end."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import structlog

from core.background import Unbroken, beside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

log = structlog.get_logger()

PAUSE = 2.0  # seconds until a Redis that does not answer is asked again
E = TypeVar("E")


class Stream(Protocol[E]):
    """Entries, each for one of a door's replicas at a time."""

    async def join(self, door: str) -> None:
        """Be one of them."""

    async def take(self, door: str, reader: str) -> list[tuple[str, E]]:
        """Wait a while for entries, by name."""


class Reading(Generic[E]):
    """Handles what comes, until it is stopped; what is being handled then is handled to the end."""

    def __init__(
        self,
        stream: Stream[E],
        door: str,
        handle: Callable[[str, E], Coroutine[Any, Any, None]],
    ) -> None:
        """Take what handles an entry, by its name; it raises nothing."""
        self._stream = stream
        self._door = door
        self._handle = handle
        self._unbroken = Unbroken()
        self._reader = f"{os.getpid()}-{secrets.token_hex(4)}"

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Read while the block runs."""
        try:
            async with beside(self.run()):
                yield
        finally:
            await self._unbroken.aclose()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                await self._stream.join(self._door)
                while True:
                    entries = await self._stream.take(self._door, self._reader)
                    # A stop between the message and its note would have it told twice.
                    handling = (self._unbroken.see_through(self._handle(*one)) for one in entries)
                    await asyncio.gather(*handling)
            except Exception as error:  # noqa: BLE001 - one bad moment must not be the last
                log.warning("stream not read", door=self._door, error=type(error).__name__)
                await asyncio.sleep(PAUSE)
