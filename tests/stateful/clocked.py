"""A vault whose every clock is the test's: the machine's, and that of Redis and its scripts."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.blobs.filesystem import FileBlobs
from core.handout import Handout
from core.keys import ServerKey
from core.outbox import Outbox
from core.passwords import Passwords, Place
from core.receipts import Receipts
from core.records import Records
from core.redis_connection import pipe_to
from core.scripts import Scripts
from core.scripts.script import NAMES, Script, source
from core.settings import Settings
from core.statistics import Statistics
from core.sweeper import Sweeper
from core.vault import Vault
from tests.clock import kept_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis

    from core.redis_pipe import Argument, Call

CLOCK = "test:clock"
BEGINNING = 4_000_000_000_000  # ms; later than any test runs, so that nothing vanishes by itself


class ClockedScripts(Scripts):
    """The shipped scripts, by the test's clock. While `repeats`, each loses its first reply.

    That is what redis-py does by itself: it asks again what may have happened already.
    """

    def __init__(self, redis: Redis) -> None:
        super().__init__(pipe_to(redis))
        self._scripts = {name: Script.of(name, kept_in(CLOCK, source(name))) for name in NAMES}
        self.repeats = False

    async def __call__(self, name: str, key: str, *arguments: Argument) -> Any:
        if self.repeats:
            await super().__call__(name, key, *arguments)
        return await super().__call__(name, key, *arguments)

    async def together(self, *calls: Call) -> list[Any]:
        if self.repeats:
            await super().together(*calls)
        return await super().together(*calls)


class QuickPlace(Place):
    """Stretches at no cost: a life has dozens of passwords, and is not about how hard they are."""

    async def stretch(self, profile: str, password: str, password_salt: bytes) -> bytes:
        return hashlib.sha256(profile.encode() + password_salt + password.encode()).digest()


class QuickPasswords(Passwords):
    """The pool with its places, that none holds for long."""

    @contextmanager
    def place(self) -> Iterator[Place]:
        with super().place():
            yield QuickPlace(self._pool)


@dataclass(slots=True)
class Clocked:
    """The parts, and the moment that they all take for now."""

    vault: Vault
    sweeper: Sweeper
    scripts: ClockedScripts
    outbox: Outbox
    receipts: Receipts
    blobs: FileBlobs
    redis: Redis
    now: int = BEGINNING

    async def move(self, milliseconds: int) -> None:
        """Let time pass, and what Redis keeps until then vanish."""
        self.now += milliseconds
        await self.redis.set(CLOCK, self.now)
        for key in await self.redis.keys("ots:{*"):
            vanishes = await self.redis.pexpiretime(key)  # type: ignore[arg-type]  # bytes will do
            if 0 < vanishes <= self.now:
                await self.redis.delete(key)


@asynccontextmanager
async def clocked(redis: Redis) -> AsyncIterator[Clocked]:
    """Build it as `core.bootstrap` does, on a Redis that is emptied for it, and a new folder."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        await redis.flushdb()
        scripts = ClockedScripts(redis)
        stack.push_async_callback(scripts.aclose)
        receipts = Receipts(redis, scripts)
        statistics = Statistics(scripts)
        outbox = Outbox(scripts, receipts, statistics)
        records, blobs, passwords = Records(scripts, outbox), FileBlobs(folder), QuickPasswords()
        await blobs.start()
        stack.push_async_callback(passwords.aclose)

        def clock() -> int:
            return house.now

        vault = Vault(
            records=records,
            blobs=blobs,
            server_key=ServerKey(secrets.token_bytes(32)),
            passwords=passwords,
            policy=Settings.parse({}).policy,
            statistics=statistics,
            clock=clock,
        )
        handout = Handout(records, blobs)
        sweeper = Sweeper(
            redis=redis,
            records=records,
            blobs=blobs,
            handout=handout,
            outbox=outbox,
            receipts=receipts,
            clock=clock,
        )
        house = Clocked(vault, sweeper, scripts, outbox, receipts, blobs, redis)
        await house.move(0)
        yield house
