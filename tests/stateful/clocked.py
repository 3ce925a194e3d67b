"""A vault whose every clock is the test's: the machine's, and that of Redis' scripts."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from core.blobs.filesystem import FileBlobs
from core.embedded import embedded_redis
from core.handout import Handout
from core.keys import ServerKey
from core.outbox import Outbox
from core.passwords import Passwords
from core.receipts import Receipts
from core.records import Records
from core.scripts import ON_OTHERS, ON_RECORDS, Scripts, source
from core.settings import Settings
from core.sweeper import Sweeper
from core.vault import Vault
from tests.clock import kept_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CLOCK = "test:clock"
BEGINNING = 4_000_000_000_000  # ms; later than any test runs, so that nothing vanishes by itself


@dataclass(slots=True)
class Clocked:
    """The parts, and the moment that they all take for now."""

    vault: Vault
    sweeper: Sweeper
    outbox: Outbox
    receipts: Receipts
    redis: Redis
    now: int = BEGINNING

    async def move(self, milliseconds: int) -> None:
        """Let time pass."""
        self.now += milliseconds
        await self.redis.set(CLOCK, self.now)


@asynccontextmanager
async def clocked() -> AsyncIterator[Clocked]:
    """Build it as `core.bootstrap` does, on a Redis and a folder of its own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = await stack.enter_async_context(embedded_redis(folder))
        redis = await stack.enter_async_context(Redis.from_url(url))
        scripts = Scripts(redis)
        stack.push_async_callback(scripts.aclose)
        scripts._scripts = {
            name: redis.register_script(kept_in(CLOCK) + source(name))
            for name in (*ON_RECORDS, *ON_OTHERS)
        }
        receipts = Receipts(redis, scripts)
        outbox = Outbox(scripts, receipts)
        records, blobs, passwords = Records(scripts, outbox), FileBlobs(folder / "b"), Passwords()
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
            clock=clock,
        )
        handout = Handout(records, blobs, clock)
        sweeper = Sweeper(
            redis=redis, records=records, blobs=blobs, handout=handout, outbox=outbox, clock=clock
        )
        house = Clocked(vault, sweeper, outbox, receipts, redis)
        await house.move(0)
        yield house
