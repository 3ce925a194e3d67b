"""The Discord door tells what became of a link, where its sender wants to know."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

import pytest

from core.link import Claim
from core.receipts import Event, Receipt
from core.secret import Sender
from tests.bots.test_notices import settled
from tests.contents import until
from tests.fakes.discord_payloads import USER
from tests.fakes.discord_talk import door, links, noted, opened, read_whole, shared, written

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.bootstrap import House
    from core.link import Link
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord

OPENED = re.compile(r"Opened \d\d:\d\d UTC")
DAY = 24 * 60 * 60


async def happened(house: House, link: Link, event: Event) -> None:
    """Publish a receipt as the record would."""
    owner = house.vault.owner(Sender("discord", USER))
    ref = await house.redis.hget(f"ots:{{{link.id}}}", "ref")
    assert isinstance(ref, bytes)
    now = round(time.time() * 1000)
    await house.receipts.publish([Receipt(link.id, "test", event, now, owner, ref)])


def ended(message: dict[str, object]) -> bool:
    return not links(str(message["content"])) and message["components"] == []


async def test_direct_message_is_edited_and_answered_when_it_is_opened(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """The link and the buttons go, and a short reply to that message notifies."""
    message, link = await written(talk)
    await read_whole(client, web, link)
    told = await talk.replies(3)
    assert OPENED.search(told[2])
    assert talk.dms[2]["message_reference"]["message_id"] == int(message)
    assert OPENED.search(talk.messages[message]["content"])
    assert ended(talk.messages[message])


async def test_answer_is_edited_while_its_token_lives(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Who used /share sees it in place; nobody gets a message that they did not ask for."""
    message, link = await shared(talk)
    await read_whole(client, web, link)
    assert OPENED.search((await talk.shows(message, "Opened "))["content"])
    assert ended(talk.messages[message])
    await settled(web.house, "discord")
    assert talk.dms == []


async def test_follow_up_is_edited_too(talk: FakeDiscord, web: Web, client: ClientSession) -> None:
    """A link that came after another answer, to a form whose file failed, says when it is over."""
    form = await talk.form(await talk.command("share"))
    file = talk.store(b"file", status=404)
    number = await talk.submit(form, {"text": "hello", "lifetime": "300"}, file)
    refused, _ = await talk.answers(number, 2)
    refusal, text = talk.interactions[number].made
    await talk.shows(text, "text alone")
    [link] = links(talk.messages[text]["content"])
    await read_whole(client, web, link)
    await talk.shows(text, "Opened ")
    assert talk.messages[refusal]["content"] == refused


async def test_over_token_is_not_used(talk: FakeDiscord, web: Web, client: ClientSession) -> None:
    """Refused calls count against the bot: after fifteen minutes it makes none."""
    talk.clock = lambda: time.time() - 901
    message, link = await shared(talk)
    await noted(talk, web, link)
    talk.clock = time.time
    talk.calls.clear()
    await read_whole(client, web, link)
    await settled(web.house, "discord")
    assert talk.calls == []
    assert links(talk.messages[message]["content"]) == [link]


async def test_press_gives_a_token_that_edits(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Fifteen minutes begin anew with each press."""
    talk.clock = lambda: time.time() - 901
    message, link = await shared(talk)
    await noted(talk, web, link)
    talk.clock = time.time
    await talk.press(message, "Refresh")
    await until(lambda: talk.calls[-1] == "PATCH @original")
    await read_whole(client, web, link)
    await talk.shows(message, "Opened ")


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10008), (404, 10015)])
async def test_message_that_can_not_be_edited_holds_up_nothing(
    talk: FakeDiscord, web: Web, client: ClientSession, status: int, code: int
) -> None:
    """The receipt is done with; /secrets tells."""
    _, link = await shared(talk)
    await noted(talk, web, link)
    talk.refusals["PATCH answer"] = [(status, code)]
    await read_whole(client, web, link)
    await settled(web.house, "discord")
    assert OPENED.search(await talk.reply(await talk.command("secrets")))


@pytest.mark.parametrize(("status", "code"), [(404, 10008), (403, 50003)])
async def test_lost_message_is_still_told(
    talk: FakeDiscord, web: Web, client: ClientSession, status: int, code: int
) -> None:
    """Where the message with the link is gone, the short one comes all the same."""
    _, link = await written(talk)
    talk.refusals["PATCH message"] = [(status, code)]
    await read_whole(client, web, link)
    assert OPENED.search((await talk.replies(3))[2])


async def test_rate_limited_notice_comes_later(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """When told to wait, the door waits and tells then, once."""
    _, link = await written(talk)
    talk.refusals["POST messages"] = [(429, 0)]
    await read_whole(client, web, link)
    await talk.replies(3)
    await settled(web.house, "discord")
    assert len(talk.dms) == 3


async def test_opening_while_the_bot_was_down_is_told_when_it_is_back(
    discord: FakeDiscord,
    share: Share,
    settings: Settings,
    web: Web,
    client: ClientSession,
) -> None:
    """Receipts wait for the door, and a new client edits what the old one sent."""
    async with door(share, settings, discord):
        message, link = await written(discord)
        answer, other = await shared(discord)
    await read_whole(client, web, link)
    await read_whole(client, web, other)
    async with door(share, settings, discord):
        assert OPENED.search((await discord.replies(3))[2])
        await discord.shows(answer, "Opened ")
    assert ended(discord.messages[message])


async def test_opening_before_the_message_is_known_is_shown(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """A recipient may be faster than the platform's answer to the message with the link."""
    talk.held["PATCH @original"] = asyncio.Event()
    number = await talk.command("share", talk.store(b"x"))
    [link] = links(await talk.reply(number))
    await read_whole(client, web, link)
    await settled(web.house, "discord")
    talk.held["PATCH @original"].set()
    await talk.shows(talk.interactions[number].made[0], "Opened ")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Event.UNCONFIRMED, "did not confirm"),
        (Event.INTERRUPTED, "broken off"),
        (Event.EXPIRED, "Expired unopened"),
        (Event.LOST, "are lost"),
    ],
)
async def test_every_end_is_told(talk: FakeDiscord, web: Web, event: Event, words: str) -> None:
    """Each says what happened, and takes the link away."""
    message, link = await written(talk)
    await happened(web.house, link, event)
    assert words in (await talk.replies(3))[2]
    assert words in talk.messages[message]["content"]
    assert ended(talk.messages[message])


async def test_trouble_leaves_the_link(talk: FakeDiscord, web: Web) -> None:
    """A secret that is held up can still be opened, so its message keeps what it offers."""
    message, link = await written(talk)
    await happened(web.house, link, Event.HELD)
    assert "holds it up" in (await talk.replies(3))[2]
    assert links(talk.messages[message]["content"]) == [link]
    assert "Revoke" in talk.offered(message)


async def test_lock_is_told_with_its_reason(talk: FakeDiscord, web: Web) -> None:
    """Pages that claimed it too often lock it as well, and no wrong password had a part in it."""
    message, link = await written(talk)
    await web.house.redis.hset(f"ots:{{{link.id}}}", "lapsed", 10)
    await web.house.vault.control.status(link.id, web.house.vault.owner(Sender("discord", USER)))
    assert "ten times" in (await talk.replies(3))[2]
    assert links(talk.messages[message]["content"]) == [link]
    assert "Unlock" in talk.offered(message)


async def test_revoking_needs_no_notice(talk: FakeDiscord, web: Web) -> None:
    """Who revoked it elsewhere finds the message edited, and no new one."""
    message, link = await written(talk)
    await web.house.vault.control.revoke(link.id, web.house.vault.owner(Sender("discord", USER)))
    await talk.shows(message, "Revoked")
    await settled(web.house, "discord")
    assert len(talk.dms) == 2


async def test_being_read_is_shown(talk: FakeDiscord, web: Web, client: ClientSession) -> None:
    """Between the first byte and the last word of its page, a secret is on its way."""
    message, link = await shared(talk)
    await opened(client, web, link, claim=Claim.random().reveal())
    await talk.press(message, "Refresh")
    await talk.shows(message, "on its way")
