"""The small pool that stretches passwords: Argon2 takes 140 ms and 64 MiB, so few run at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core import keys
from core.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORKERS = 2  # more than cores gain nothing
QUEUE = 8
EACH = 0.3  # seconds one takes on a busy machine, for the advice when to come back


class Passwords:
    """At most `workers` evaluations run and `queue` wait; whoever else comes is told when to."""

    def __init__(self, *, workers: int = WORKERS, queue: int = QUEUE) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._workers = workers
        self._room = workers + queue
        self._taken = 0

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Hold a place in the queue, before anything is used up.

        Raises:
            Busy: there is none.
        """
        if self._taken >= self._room:
            raise Busy(1 + round(self._taken * EACH / self._workers))
        self._taken += 1
        place = Place(self._pool)
        try:
            yield place
        finally:
            place.leave(self._free)

    def _free(self) -> None:
        self._taken -= 1

    async def aclose(self) -> None:
        """Wait for what runs."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)


class Place:
    """One place in the queue. A thread that outlives its caller keeps it."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._work: asyncio.Future[bytes] | None = None

    async def stretch(self, profile: str, password: str, password_salt: bytes) -> bytes:
        """Derive the password key on the pool."""
        loop = asyncio.get_running_loop()
        self._work = loop.run_in_executor(
            self._pool, keys.stretch, profile, password, password_salt
        )
        return await asyncio.shield(self._work)

    def leave(self, free: Callable[[], None]) -> None:
        if self._work is None or self._work.done():
            free()
        else:
            self._work.add_done_callback(lambda _: free())
