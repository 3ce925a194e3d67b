"""What a record's outbox holds is published, whatever comes between."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from core.clock import now_ms
from core.keys import verifier
from core.link import Claim
from core.outbox import Outbox
from core.receipts import Event, Waiting
from core.record import index_key
from core.records import SOON, Records
from tests.core.test_receipts import record, shared, told

if TYPE_CHECKING:
    from core.bootstrap import House

HELD, LOCKED = b"held:0 held %d;" % now_ms(), b"locked:0 locked %d;" % now_ms()


def outbox_apart(house: House) -> Outbox:
    """Give an outbox that is flushed only when the test does it."""
    return Outbox(house.vault._records._run, house.receipts, house.statistics)


async def test_publishing_that_was_cut_off_is_done_by_the_last_flush(house: House) -> None:
    """A process that ends while it publishes does not leave the rest to a sweep."""
    link, owner = await shared(house)
    await house.redis.hset(record(link), "outbox", HELD)
    outbox = outbox_apart(house)
    outbox.add(link.id, Waiting(HELD, owner, b""))
    flushing = asyncio.create_task(outbox.flush())
    await asyncio.sleep(0)
    flushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flushing
    await outbox.flush()
    assert not await house.redis.hexists(record(link), "outbox")
    assert await told(house, link) == [Event.HELD]


async def test_receipt_that_came_while_another_was_published_follows_soon(house: House) -> None:
    """What is in a record's outbox beyond what was published is published next."""
    link, owner = await shared(house)
    await house.redis.hset(record(link), "outbox", HELD + LOCKED)
    outbox = outbox_apart(house)
    outbox.add(link.id, Waiting(HELD, owner, b""))
    await outbox.flush()
    await outbox.flush()
    assert not await house.redis.hexists(record(link), "outbox")
    assert await told(house, link) == [Event.HELD, Event.LOCKED]


async def test_fault_in_one_moment_does_not_end_the_publishing(house: House) -> None:
    """Whatever goes wrong with one outbox, what comes later is published by itself."""
    link, owner = await shared(house)
    house.outbox.add(link.id, Waiting(b"not an outbox;", owner, b""))
    await asyncio.sleep(0)
    async with asyncio.timeout(15):
        while house.outbox._waiting:
            await asyncio.sleep(0.01)
        await house.vault.control.revoke(link.id, owner)
        while Event.REVOKED not in {r.event for _, r in await house.receipts.since()}:
            await asyncio.sleep(0.05)


async def test_receipt_of_a_burn_is_noted_though_redis_forgot_the_claim(house: House) -> None:
    """Claims are in memory alone, and their notes; the sweeper finds all the same what came."""
    link, _ = await shared(house)
    records, claim = Records(house.scripts, outbox_apart(house)), Claim.random().holder
    await records.claim(link.id, verifier(link.id.raw, link.key.raw), claim)
    os.kill((await house.redis.info("server"))["process_id"], signal.SIGKILL)
    await records.burn(link.id, claim)
    soon = await house.redis.zscore(index_key(link.id), link.id.raw)
    assert soon is not None
    assert soon <= now_ms() + SOON
