"""Two versions of the server beside each other on one Redis, as while one replaces the other."""

from __future__ import annotations

import os
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from core.bootstrap import open_vault
from core.errors import Gone
from core.link import Claim
from core.receipts import Event
from core.record import record_key
from core.scripts.script import NAMES, Script, source
from core.secret import Kind, Sender
from core.settings import Settings
from tests.asked import asked, hand_in, waits
from tests.contents import gathered, pieces
from tests.embedded import url_of
from tests.generous import GENEROUS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.bootstrap import House

LARGE = os.urandom(100_000)  # more than a record keeps
PASSWORD = "four words of mine"


@pytest.fixture
async def newer(house: House, settings: Settings) -> AsyncIterator[House]:
    """Run a server whose scripts have other hashes, and write a field that the present has not."""
    url = url_of(house)
    given = {"DATA_DIR": str(settings.data_dir), "REDIS_URL": url}
    async with open_vault(Settings.parse(GENEROUS | given)) as newer:
        for name in NAMES:
            text = f"{source(name)}\n-- the next version"
            if name == "create":
                text = text.replace(
                    "set('state', 'ready',", "set('colour', 'blue', 'state', 'ready',"
                )
            newer.scripts._scripts[name] = Script.of(name, text)
        yield newer


async def test_each_goes_on_where_the_other_was(house: House, newer: House) -> None:
    """What one seals the other opens, half and half; that it was opened is told."""
    for one, other in permutations((house, newer)):
        owner = one.vault.owner(Sender("telegram", "42"))
        link = (
            await one.vault.seal(
                pieces(LARGE), kind=Kind.FILE, name="x", password=PASSWORD, owner=owner
            )
        ).link
        assert bool(await house.redis.hexists(record_key(link.id), "colour")) is (one is newer)
        assert (await other.vault.peek(link.id, link.key)).protected
        claim = Claim.random()
        opened = await other.vault.open(link.id, link.key, claim, PASSWORD)
        async with one.vault.data(link.id, claim, opened.ticket, stop=60_000) as delivery:
            first = await gathered(delivery)
        async with other.vault.data(link.id, claim, opened.ticket, start=60_000) as delivery:
            assert first + await gathered(delivery) == LARGE
        await one.vault.done(link.id, claim)
        with pytest.raises(Gone):
            await other.vault.open(link.id, link.key, Claim.random(), PASSWORD)
        for either in (one, other):
            await either.outbox.flush()
            await either.sweeper.sweep()
        told = [receipt for _, receipt in await other.receipts.since()]
        assert {one.event for one in told if one.secret_id == link.id} == {Event.OPENED}


async def test_what_one_asked_for_is_handed_in_through_the_other(
    house: House, newer: House
) -> None:
    """An invitation of one takes a file through the other, and is delivered by the first."""
    for one, other in permutations((house, newer)):
        invited = await asked(one)
        await hand_in(other, invited, LARGE)
        assert await waits(one, invited) == LARGE
