"""What is taken in one call and one piece: burned right after it, or a window where it broke."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from core.draft import KEPT
from core.errors import Gone
from core.link import Claim
from core.receipts import Event
from core.record import record_key
from core.secret import Kind, Sender
from tests.contents import gathered, pieces

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.link import Link
    from core.settings import Settings

SIZES = pytest.mark.parametrize("size", [0, KEPT // 2, 10 * KEPT], ids=["empty", "kept", "stored"])


async def shared(house: House, body: bytes) -> Link:
    owner = house.vault.owner(Sender("telegram", "42"))
    content = pieces(body) if body else pieces(b"", 1)
    return (await house.vault.seal(content, kind=Kind.FILE, owner=owner)).link


async def told(house: House) -> list[Event]:
    await house.outbox.flush()
    return [receipt.event for _, receipt in await house.receipts.since()]


@SIZES
async def test_it_is_burned_and_its_bytes_are_gone(
    house: House, settings: Settings, size: int
) -> None:
    """When the block has ended, nothing of it is left but the latch, and its sender is told."""
    body = os.urandom(size)
    link = await shared(house, body)
    async with house.vault.take(link.id, link.key, Claim.random(), once=True) as (delivery, ticket):
        assert (await gathered(delivery), ticket) == (body, None)
    assert await house.redis.hget(record_key(link.id), "state") == b"burned"
    left = [one for one in (settings.data_dir / "blobs").rglob(str(link.id)) if one.is_file()]
    assert left == []
    assert await told(house) == [Event.OPENED]


@SIZES
async def test_block_that_fails_leaves_a_window_for_its_claim(house: House, size: int) -> None:
    """Its claim can go on, nobody else can, and when the window is over the sender hears of it."""
    body, claim = os.urandom(size), Claim.random()
    link = await shared(house, body)
    with pytest.raises(ConnectionError):
        async with house.vault.take(link.id, link.key, claim, once=True):
            raise ConnectionError
    record = record_key(link.id)
    assert await house.redis.hget(record, "state") == b"opened"
    assert not await house.redis.hexists(record, "share")
    with pytest.raises(Gone):
        await house.vault.open(link.id, link.key, Claim.random())
    async with house.vault.take(link.id, link.key, claim) as (delivery, _):
        assert await gathered(delivery) == body
    assert await told(house) == []
    await house.redis.hset(record, "touched", "0")
    with pytest.raises(Gone):
        await house.vault.open(link.id, link.key, claim)
    assert await told(house) == [Event.UNCONFIRMED]
