"""Asking through a door: the invitation goes out, and what was handed in comes back to the chat."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bots.deliveries import Arrival, Deliveries
from bots.notices import Unreachable
from bots.requests import Requests, Wish
from core.errors import NotFound
from core.invitation import Purpose, Token, key_of
from core.link import Claim, Link
from core.receipts import Event
from core.secret import Kind, SenderRef, State
from tests.asked import ANN, BEN, handed
from tests.contents import received

if TYPE_CHECKING:
    from bots.requests import Asked
    from bots.share import Share
    from core.bootstrap import House

STANDS = SenderRef("telegram", "1", "de", "message 9")


class Told:
    """A door's way to tell, which notes what it told, and fails as often as it should."""

    def __init__(self, *failures: Exception, stands: SenderRef | None = None) -> None:
        self.told: list[Arrival] = []
        self._failures = list(failures)
        self._stands = stands

    async def __call__(self, arrival: Arrival) -> SenderRef | None:
        if self._failures:
            raise self._failures.pop(0)
        self.told.append(arrival)
        return self._stands


async def hand_in(house: House, asked: Asked, data: bytes = b"content") -> Link:
    token = Token.parse(asked.url.partition("#")[2])
    async with house.reception.place(asked.id, token) as place:
        return (await handed(place, data)).link


async def settled(house: House, door: str = "telegram") -> None:
    """Wait until nothing is left to tell."""
    async with asyncio.timeout(10):
        while await house.redis.xlen(f"ots:{{inv}}:handed:{door}"):
            await asyncio.sleep(0.01)


async def test_what_was_asked_for_comes_into_the_chat(
    house: House, share: Share, requests: Requests
) -> None:
    """The finished link reaches whoever asked, once, with all that the door has to say."""
    asked = await requests.ask(Wish(ANN, "1", "de", label="Ann\u202e"))
    assert asked.url.startswith(f"{share.public_url}/r/{asked.id}#")
    tell = Told()
    async with Deliveries(share, "telegram", tell).telling():
        link = await hand_in(house, asked)
        await settled(house)
    [arrival] = tell.told
    assert arrival.url == link.url(share.public_url)
    assert (arrival.label, arrival.purpose, arrival.kind) == ("Ann", Purpose.REQUEST, Kind.FILE)
    assert (arrival.ref, arrival.size) == (SenderRef("telegram", "1", "de"), 7)
    assert await received(house.vault, link.id, link.key, Claim.random()) == b"content"
    assert link.key.reveal() not in repr(arrival)


async def test_what_came_while_the_bot_was_down_is_told_when_it_is_back(
    house: House, share: Share, requests: Requests
) -> None:
    """Links wait for their door, and reach a crashed replica's successor."""
    link = await hand_in(house, await requests.ask(Wish(ANN, "1")))
    tell = Told()
    async with Deliveries(share, "telegram", tell).telling():
        await settled(house)
    assert [arrival.status.id for arrival in tell.told] == [link.id]


async def test_replicas_share_the_work_and_take_over(
    house: House, share: Share, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two replicas one tells each; what one could not tell is told again."""
    monkeypatch.setattr("core.handed.ABANDONED", 100)
    tell = Told(ConnectionError())
    async with (
        Deliveries(share, "telegram", tell).telling(),
        Deliveries(share, "telegram", tell).telling(),
    ):
        links = [await hand_in(house, await requests.ask(Wish(ANN, "1"))) for _ in range(5)]
        await settled(house)
    assert sorted(str(arrival.status.id) for arrival in tell.told) == sorted(
        str(link.id) for link in links
    )


async def test_crash_after_telling_tells_again(
    house: House, share: Share, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica that told and died before it said so costs a double, never a link."""
    monkeypatch.setattr("core.handed.ABANDONED", 0)
    await hand_in(house, await requests.ask(Wish(ANN, "1")))
    await house.handed.join("telegram")
    assert len(await house.handed.take("telegram", "died after telling")) == 1
    tell = Told()
    async with Deliveries(share, "telegram", tell).telling():
        await settled(house)
    assert len(tell.told) == 1


async def test_entry_that_is_left_after_its_link_is_told_to_nobody(
    house: House, share: Share, requests: Requests
) -> None:
    """An entry whose link was fetched meanwhile is dropped."""
    asked = await requests.ask(Wish(ANN, "1"))
    await hand_in(house, asked)
    async with requests.fetch(house.vault.owner(ANN), asked.id):
        pass
    tell = Told()
    async with Deliveries(share, "telegram", tell).telling():
        await settled(house)
    assert tell.told == []


async def test_link_that_can_not_be_read_holds_up_no_other(
    house: House, share: Share, requests: Requests
) -> None:
    """What was sealed under another key is dropped, and the next one is told."""
    broken = await requests.ask(Wish(ANN, "1"))
    await hand_in(house, broken)
    await house.redis.hset(key_of(broken.id), "link", b"x" * 100)
    link = await hand_in(house, await requests.ask(Wish(ANN, "1")))
    tell = Told()
    async with Deliveries(share, "telegram", tell).telling():
        await settled(house)
    assert [arrival.status.id for arrival in tell.told] == [link.id]


async def test_chat_that_can_not_be_reached_may_still_fetch(
    house: House, share: Share, requests: Requests
) -> None:
    """What can't be told is kept for a press of whoever asked, and shown until a press worked."""
    asked = await requests.ask(Wish(ANN, "1"))
    link = await hand_in(house, asked)
    async with Deliveries(share, "telegram", Told(Unreachable())).telling():
        await settled(house)
    with pytest.raises(NotFound):
        async with requests.fetch(house.vault.owner(BEN), asked.id):
            pass
    with pytest.raises(ConnectionError):
        async with requests.fetch(house.vault.owner(ANN), asked.id):
            raise ConnectionError
    async with requests.fetch(house.vault.owner(ANN), asked.id) as arrival:
        assert arrival.url == link.url(share.public_url)
    with pytest.raises(NotFound):
        async with requests.fetch(house.vault.owner(ANN), asked.id):
            pass


async def test_doors_get_their_own(house: House, share: Share, requests: Requests) -> None:
    """What was asked through one door is told through no other."""
    tell = Told()
    async with Deliveries(share, "discord", tell).telling():
        await hand_in(house, await requests.ask(Wish(ANN, "1")))
        await house.handed.join("telegram")
        assert len(await house.handed.take("telegram", "a")) == 1
    assert tell.told == []


async def test_receipts_of_what_was_handed_in_reach_whoever_asked(
    house: House, share: Share, requests: Requests
) -> None:
    """The secret is among the asker's own, and its receipts go where its link stands."""
    link = await hand_in(house, await requests.ask(Wish(ANN, "1", "de")))
    async with Deliveries(share, "telegram", Told(stands=STANDS)).telling():
        await settled(house)
    mark = house.vault.owner(ANN)
    [status] = await house.vault.control.secrets(mark)
    assert (status.id, status.state) == (link.id, State.READY)
    await house.vault.control.revoke(link.id, mark)
    await house.outbox.flush()
    [(_, receipt)] = await house.receipts.since()
    assert (receipt.event, receipt.owner) == (Event.REVOKED, mark)
    assert house.vault.server_key.open_ref(link.id.raw, receipt.ref) == STANDS


async def test_receipts_go_to_the_chat_where_the_message_is_not_known(
    house: House, share: Share, requests: Requests
) -> None:
    """The message that asked is not taken for the one that holds the link."""
    asked = await requests.ask(Wish(ANN, "1", "de"))
    await requests.note(
        house.vault.owner(ANN), asked.id, SenderRef("telegram", "1", "de", "message 1")
    )
    link = await hand_in(house, asked)
    tell = Told()
    async with Deliveries(share, "telegram", tell).telling():
        await settled(house)
    assert tell.told[0].ref.message == "message 1"
    await house.vault.control.revoke(link.id, house.vault.owner(ANN))
    await house.outbox.flush()
    [(_, receipt)] = await house.receipts.since()
    told = house.vault.server_key.open_ref(link.id.raw, receipt.ref)
    assert told == SenderRef("telegram", "1", "de")


async def test_stop_between_telling_and_its_note_tells_nothing_twice(
    house: House, share: Share, requests: Requests
) -> None:
    """What is being told when the door closes is told to the end, and noted."""
    asked = await requests.ask(Wish(ANN, "1"))
    await hand_in(house, asked)
    begun, go_on, told = asyncio.Event(), asyncio.Event(), Told()

    async def slow(arrival: Arrival) -> SenderRef | None:
        begun.set()
        await go_on.wait()
        return await told(arrival)

    async def live() -> None:
        async with Deliveries(share, "telegram", slow).telling():
            await asyncio.Event().wait()

    living = asyncio.create_task(live())
    await begun.wait()
    living.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait([living], timeout=10)
    assert len(told.told) == 1
    assert await house.handed.look(asked.id) is None
