"""Whoever asks through a door: once for an event, not without end, and it ends when they wish."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bots.deliveries import Deliveries
from bots.requests import Requests, Wish
from core.creations import Creations
from core.errors import BadLifetime, Closed, Duplicate, NotFound, TooManyAsked
from core.invitation import InvitationId, Purpose, Standing
from tests.asked import ANN, BEN
from tests.bots.test_requests import STANDS, Told, hand_in, settled

if TYPE_CHECKING:
    from bots.share import Share
    from core.bootstrap import House


async def test_asker_lists_revokes_and_forgets(house: House, requests: Requests) -> None:
    """Each sees and revokes their own alone."""
    asked, other = await requests.ask(Wish(ANN, "1")), await requests.ask(Wish(ANN, "1"))
    foreign = await requests.ask(Wish(BEN, "2"))
    with pytest.raises(NotFound):
        await requests.revoke(house.vault.owner(ANN), foreign.id)
    with pytest.raises(NotFound):
        await requests.note(house.vault.owner(ANN), InvitationId.random(), STANDS)
    await requests.revoke(house.vault.owner(ANN), asked.id)
    assert {one.id: one.standing for one in await requests.listed(house.vault.owner(ANN))} == {
        asked.id: Standing.REVOKED,
        other.id: Standing.OPEN,
    }
    await requests.forget(house.vault.owner(ANN))
    assert await requests.listed(house.vault.owner(ANN)) == []
    with pytest.raises(Closed, match="revoked"):
        await hand_in(house, other)
    assert [one.standing for one in await requests.listed(house.vault.owner(BEN))] == [
        Standing.OPEN
    ]


async def test_lifetime_may_be_wished(requests: Requests) -> None:
    """A wish counts within the operator's limit."""
    hour = await requests.ask(Wish(ANN, "1", lifetime=timedelta(hours=1), purpose=Purpose.UPLOAD))
    assert hour.expires_at < (await requests.ask(Wish(ANN, "1"))).expires_at
    with pytest.raises(BadLifetime):
        await requests.ask(Wish(ANN, "1", lifetime=timedelta(days=8)))


async def test_repeated_event_leaves_one_open(house: House, requests: Requests) -> None:
    """What the platform tells twice is asked once; a try that failed leaves nothing open."""
    mark = house.vault.owner(ANN)
    with pytest.raises(ConnectionError):
        async with requests.handle("event", Wish(ANN, "1")):
            raise ConnectionError
    async with requests.handle("event", Wish(ANN, "1")) as asked:
        pass
    with pytest.raises(Duplicate):
        async with requests.handle("event", Wish(ANN, "1")):
            pass
    assert [one.id for one in await requests.waiting(mark)] == [asked.id]


async def test_number_of_open_ones_is_bounded(house: House, requests: Requests) -> None:
    """One person can't fill the store with invitations; those that are over don't count."""
    asked = [await requests.ask(Wish(ANN, "1")) for _ in range(20)]
    with pytest.raises(TooManyAsked):
        await requests.ask(Wish(ANN, "1"))
    await requests.ask(Wish(BEN, "2"))
    await requests.revoke(house.vault.owner(ANN), asked[0].id)
    await requests.ask(Wish(ANN, "1"))


async def test_what_was_brought_is_forgotten_on_request(
    house: House, share: Share, requests: Requests
) -> None:
    """A link that nobody fetched goes with everything else, and is told to nobody."""
    mark = house.vault.owner(ANN)
    asked = await requests.ask(Wish(ANN, "1"))
    await hand_in(house, asked)
    assert [one.arrived for one in await requests.waiting(mark)] == [True]
    await requests.forget(mark)
    assert await house.handed.look(asked.id) is None
    tell = Told()
    async with Deliveries(share, "telegram", tell).telling():
        await settled(house)
    assert tell.told == []


async def test_unanswered_try_is_replaced(house: House, share: Share) -> None:
    """A try that ended between asking and answering: its link takes nothing any more."""
    quick = Creations(house.scripts, share.vault.server_key, lease=0.2)
    creation = await quick._begin(quick.mark("telegram", "event"))
    requests = Requests(replace(share, creations=quick))
    left = await requests.ask(Wish(ANN, "1"), InvitationId(creation.secret_id.raw))
    async with requests.handle("event", Wish(ANN, "1")) as asked:
        pass
    assert [one.id for one in await requests.waiting(house.vault.owner(ANN))] == [asked.id]
    with pytest.raises(Closed):
        await hand_in(house, left)
