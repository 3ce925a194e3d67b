"""Many secrets in a short time: through the product's own records, without web and ciphers."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from core.batches import Batches
from core.bootstrap import open_vault
from core.clock import now_ms
from core.draft import Draft
from core.link import SecretId
from core.outbox import Outbox
from core.passwords import Passwords
from core.quantities import milliseconds
from core.records import Records
from core.secret import Kind, Metadata
from core.settings import Settings
from tests.benchmarks.calls import BODY
from tests.benchmarks.servers import environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from core.bootstrap import House
    from core.record import Fresh
    from tests.benchmarks.servers import Fleet

LIFETIME = milliseconds(timedelta(days=7))
TELLING = 1_000
AT_ONCE = 256  # share their round trip
QUIET = {"appendfsync": "no", "auto-aof-rewrite-percentage": "0"}  # while it fills
USUAL = {"appendfsync": "always"}  # no rewrite falls into what is measured then


@dataclass(frozen=True, slots=True)
class Filled:
    """How many were added, and bytes of Redis' memory for each, if they are enough to tell."""

    stored: int
    each: float


def house_of(fleet: Fleet) -> AbstractAsyncContextManager[House]:
    """Join the folder and the Redis of a fleet, as another process of ours does."""
    data = {"DATA_DIR": str(fleet.folder / "data")}
    return open_vault(Settings.parse(environment(data)), own_redis=False)


async def fill(house: House, wanted: int, within: float, *, kept: bool = True) -> Filled:
    """Create as many records of 1 KB as go into so many seconds; `kept`: with their bytes."""
    records = Records(
        house.scripts, Outbox(house.scripts, house.receipts, house.statistics), now_ms
    )
    fresh, until = await _fresh(house, kept=kept), time.monotonic() + within
    before = await _used(house)
    for name, value in QUIET.items():
        await house.redis.config_set(name, value)
    stored = 0
    while stored < wanted and time.monotonic() < until:
        new = min(AT_ONCE, wanted - stored)
        await asyncio.gather(
            *(records.create(SecretId.random(), fresh, LIFETIME) for _ in range(new))
        )
        stored += new
    for name, value in USUAL.items():
        await house.redis.config_set(name, value)
    grown = await _used(house) - before
    return Filled(stored, grown / stored if stored >= TELLING else math.nan)


async def _fresh(house: House, *, kept: bool) -> Fresh:
    """Make one record; all are equal but for their ids, since nobody has their keys."""
    draft = Draft(Kind.FILE, now_ms() + LIFETIME)

    async def content() -> AsyncIterator[bytes]:
        yield BODY

    await draft.take(content(), house.blobs, Batches())
    if not kept:
        draft.blob = None
    passwords = Passwords()
    protection = await passwords.protect(None)
    await passwords.aclose()
    metadata = Metadata("report.pdf", "application/pdf", draft.size, draft.kind)
    due = now_ms() + LIFETIME
    return draft.record(metadata, protection, due=due, owner=b"", ref=b"")


async def _used(house: House) -> int:
    memory = await house.redis.info("memory")
    return int(memory["used_memory"])
