"""Work beside a block, that ends with it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

T = TypeVar("T")

AGAIN = 0.1  # seconds until a cancellation is repeated


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run work while the block runs. Its own failure ends it alone, so it must log what matters."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        await stop(task)


async def stop(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: in Python 3.11 `asyncio.wait_for`, which redis-py reads with, drops a
    cancellation that comes in the same moment as the answer (python/cpython#86296).
    """
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # asked for, so that nobody complains that it never was


class Unbroken:
    """Work that is seen through, even when whoever asked for it is gone."""

    def __init__(self) -> None:
        self._at_work: set[asyncio.Task[Any]] = set()

    def see_through(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        """Begin work, and give what waits for it: a cancellation of the wait does not end it."""
        task = asyncio.create_task(work)
        self._at_work.add(task)
        task.add_done_callback(self._ended)
        return asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._at_work.discard(task)
        if not task.cancelled():
            task.exception()  # whoever would hear of it may be gone

    async def aclose(self) -> None:
        """Wait for what is still at work."""
        if self._at_work:
            await asyncio.wait(self._at_work)
