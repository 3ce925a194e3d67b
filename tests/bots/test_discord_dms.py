"""The button "Tell me by DM": off by default, tried at once, and taken back by the same button."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.bots.test_notices import settled
from tests.contents import until
from tests.fakes.discord_talk import door, links, read_whole, shared, written

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord

OPENED = re.compile(r"Opened \d\d:\d\d UTC")


async def test_dm_is_sent_to_whoever_asked(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """A first one shows at once that they arrive; the choice outlives the token and a press."""
    message, link = await shared(talk, place="guild")
    await talk.press(message, "Tell me by DM", place="guild")
    assert "I tell you here" in (await talk.replies(1))[0]
    await talk.shows(message, "You are told by DM")
    await talk.press(message, "Refresh", place="guild")
    await until(lambda: "You are told" not in talk.messages[message]["content"])
    await read_whole(client, web, link)
    told = await talk.replies(2)
    assert OPENED.search(told[1])
    assert not links(told[1])
    await talk.shows(message, "Opened ")


async def test_dm_that_became_impossible_holds_up_no_press(
    discord: FakeDiscord, share: Share, settings: Settings, web: Web
) -> None:
    """A new client asks for the chat anew; a refusal costs the message, not the press."""
    async with door(share, settings, discord):
        message, _ = await shared(discord)
        await discord.press(message, "Tell me by DM")
        await discord.shows(message, "You are told by DM")
    discord.refusals["POST channels"] = [(403, 50007)]
    async with door(share, settings, discord):
        await discord.press(message, "Another lifetime, from now on", "300")
        await discord.shows(message, "lifetime is changed")
    assert discord.refusals["POST channels"] == []


async def test_dm_is_not_sent_to_whoever_changed_their_mind(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """The same button takes it back."""
    message, link = await shared(talk)
    await talk.press(message, "Tell me by DM")
    await talk.shows(message, "You are told by DM")
    await talk.press(message, "No more DMs")
    await talk.shows(message, "no longer told")
    await read_whole(client, web, link)
    await talk.shows(message, "Opened ")
    await settled(web.house, "discord")
    assert len(talk.dms) == 1


@pytest.mark.parametrize("code", [50007, 50001])
@pytest.mark.parametrize("call", ["POST messages", "POST channels"])
async def test_dm_that_is_refused_is_said_at_once(
    talk: FakeDiscord, web: Web, client: ClientSession, code: int, call: str
) -> None:
    """Nothing is promised that does not work."""
    message, link = await shared(talk)
    talk.refusals[call] = [(403, code)]
    await talk.press(message, "Tell me by DM")
    await talk.shows(message, "can't write to you")
    assert "Tell me by DM" in talk.offered(message)
    await read_whole(client, web, link)
    await talk.shows(message, "Opened ")
    await settled(web.house, "discord")
    assert talk.dms == []


@pytest.mark.parametrize(("status", "code"), [(403, 50007), (404, 10003), (400, 50278)])
async def test_dm_that_is_refused_later_is_dropped(
    talk: FakeDiscord, web: Web, client: ClientSession, status: int, code: int
) -> None:
    """Who closed their direct messages since is not asked again, and finds it in /secrets."""
    message, link = await written(talk)
    talk.refusals["POST messages"] = [(status, code)]
    await read_whole(client, web, link)
    await talk.shows(message, "Opened ")
    await settled(web.house, "discord")
    assert len(talk.dms) == 2
    assert OPENED.search(await talk.reply(await talk.command("secrets")))
