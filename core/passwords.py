"""The small pool that stretches passwords: Argon2 takes 140 ms and 64 MiB, so few run at once."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import keys
from core.errors import Busy
from core.keys import Wrapping
from core.record import NO_PASSWORD, WITH_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.link import Key, SecretId

WORKERS = 2  # more than cores gain nothing
QUEUE = 8
SHARE_SIZE, PASSWORD_SALT_SIZE = 32, 16
EACH = 0.3  # seconds one takes on a busy machine, for the advice when to come back


@dataclass(frozen=True, slots=True)
class Protection:
    """A password's part in a new wrapping, stretched already."""

    profile: str
    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)

    def wrap(self, file_key: bytes, secret_id: SecretId, key: Key, limit: int) -> Wrapping:
        """Wrap a file key under a new share; `limit` in ms."""
        share, salt = secrets.token_bytes(SHARE_SIZE), secrets.token_bytes(SHARE_SIZE)
        return keys.wrap(
            file_key,
            Wrapping(self.profile, share, salt, self.salt),
            secret_id=secret_id.raw,
            key=key.raw,
            password_key=self.key,
            limit_ms=limit,
        )


class Passwords:
    """At most `workers` evaluations run and `queue` wait; whoever else comes is told when to."""

    def __init__(self, *, workers: int = WORKERS, queue: int = QUEUE) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._workers = workers
        self._room = workers + queue
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many places are taken: two are at work, the rest waits."""
        return self._taken

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

    async def protect(self, password: str | None) -> Protection:
        """Prepare a new wrapping under a password, or under none.

        Raises:
            Busy: there is no place in the queue.
        """
        salt = secrets.token_bytes(PASSWORD_SALT_SIZE)
        if not password:
            return Protection(NO_PASSWORD, salt, keys.NO_PASSWORD)
        with self.place() as place:
            stretched = await place.stretch(WITH_PASSWORD, password, salt)
        return Protection(WITH_PASSWORD, salt, stretched)

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
