"""Asking on Discord: the link goes out, and what is handed in comes back by DM or on a press."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiohttp import FormData

from core.invitation import Standing
from core.secret import Sender
from tests.asked import file_form, named_in, overdue, through_web
from tests.bots.test_requests import settled
from tests.contents import until
from tests.fakes.discord_payloads import OTHER, USER
from tests.fakes.discord_talk import door, links, opened, read_whole

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord

REQUEST = re.compile(r"<(http\S+/r/\S+)>")


async def asked(
    talk: FakeDiscord, web: Web, name: str = "request", **options: Any
) -> tuple[str, str]:
    """Ask; answer the message that holds the request's link, and the link."""
    number = await talk.command(name, place="guild", **options)
    [url] = REQUEST.findall(await talk.reply(number))
    async with asyncio.timeout(10):  # until the door has noted which message holds it
        while not (await looked(web, url)).asking.ref.message:
            await asyncio.sleep(0.01)
    return talk.interactions[number].made[0], url


async def looked(web: Web, url: str) -> Any:
    owner = web.house.vault.owner(Sender("discord", USER))
    return await web.house.invitations.inquire(named_in(url), owner)


async def fetched(talk: FakeDiscord, message: str, label: str = "Show link") -> str:
    """Press what shows a link; answer the message that came."""
    number = await talk.press(message, label)
    await talk.reply(number)
    return talk.interactions[number].made[0]


async def test_what_is_handed_in_is_shown_on_a_press(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """The answer says at once that it came, and a press shows the link with its controls, once."""
    message, url = await asked(talk, web, label="Ann *<b>*")
    told = talk.messages[message]
    assert told["flags"] & 64
    assert re.search(r"until <t:\d+:f>", told["content"])
    assert r"“Ann \*<b>\*”" in told["content"]
    assert talk.offered(message) == {"Tell me by DM", "Refresh", "Revoke"}
    form = FormData(default_to_multipart=True)
    form.add_field("text", "a word")
    assert await through_web(client, url, form) == 201
    await talk.shows(message, "Something was handed in")
    await settled(web.house, "discord")
    assert talk.offered(message) == {"Show link"}
    brought = await fetched(talk, message)
    assert talk.messages[brought]["flags"] & 64
    assert "Somebody handed a text in" in talk.messages[brought]["content"]
    assert {"Password", "Revoke", "Refresh"} <= talk.offered(brought)
    await talk.shows(message, "was used")
    assert talk.messages[message]["components"] == []
    assert await through_web(client, url) == 410
    [link] = links(talk.messages[brought]["content"])
    await read_whole(client, web, link)
    await talk.shows(brought, "Opened ")
    assert talk.dms == []


async def test_what_is_handed_in_comes_by_dm_to_who_chose_it(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """A first message shows that they arrive; then come the link, and its receipts."""
    message, url = await asked(talk, web)
    await talk.press(message, "Tell me by DM")
    await talk.shows(message, "I send you its link by DM")
    assert "No more DMs" in talk.offered(message)
    assert await through_web(client, url) == 201
    told = (await talk.replies(2))[1]
    assert "Somebody handed a file of 7 bytes in" in told
    await talk.shows(message, "I sent you its link by DM")
    [link] = links(told)
    await read_whole(client, web, link)
    assert re.search(r"Opened \d\d:\d\d UTC", (await talk.replies(3))[2])


async def test_dm_that_is_refused_is_said_at_once(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Nothing is promised that does not work."""
    message, _ = await asked(talk, web)
    talk.refusals["POST messages"] = [(403, 50007)]
    await talk.press(message, "Tell me by DM")
    await talk.shows(message, "can't write to you")
    assert "Tell me by DM" in talk.offered(message)


async def test_dm_that_is_refused_later_leaves_the_link_for_a_press(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Who closed their direct messages since is not asked again, and finds it in the answer."""
    message, url = await asked(talk, web)
    await talk.press(message, "Tell me by DM")
    await talk.shows(message, "by DM")
    talk.refusals["POST messages"] = [(403, 50007)]
    assert await through_web(client, url) == 201
    await talk.shows(message, "Something was handed in")
    assert len(links(talk.messages[await fetched(talk, message)]["content"])) == 1


async def test_over_token_leaves_the_link_for_the_list(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """After fifteen minutes nothing can be edited: /secrets shows that it waits, and the link."""
    talk.clock = lambda: time.time() - 901
    message, url = await asked(talk, web)
    talk.clock = time.time
    assert await through_web(client, url) == 201
    await settled(web.house, "discord")
    number = await talk.command("secrets")
    await talk.answers(number, 2)
    listed = talk.interactions[number].made[1]
    assert "Something was handed in" in talk.messages[listed]["content"]
    brought = await fetched(talk, listed, "Show link 1")
    await talk.shows(listed, "Nothing waits")
    [link] = links(talk.messages[brought]["content"])
    assert await opened(client, web, link) == b"content"
    await talk.press(message, "Refresh")
    await talk.shows(message, "was used")


async def test_what_came_while_the_bot_was_down_is_brought_once(
    discord: FakeDiscord, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """The next bot brings it, the one after that does not."""
    async with door(share, settings, discord):
        message, url = await asked(discord, web)
        await discord.press(message, "Tell me by DM")
        await discord.shows(message, "by DM")
        await discord.reply(await discord.command("help"))
    assert await through_web(client, url) == 201
    async with door(share, settings, discord):
        await discord.replies(2)
        await discord.shows(message, "I sent you its link by DM")
        await settled(web.house, "discord")
    async with door(share, settings, discord):
        await discord.reply(await discord.command("help"))
    assert len(links("\n".join(await discord.replies(2)))) == 1


async def test_request_is_revoked_after_a_question(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """No keeps it as it was; yes ends it, and its page takes nothing."""
    message, url = await asked(talk, web)
    await talk.press(message, "Revoke")
    await talk.shows(message, "Revoke it now?")
    await talk.press(message, "Keep it")
    await until(lambda: talk.offered(message) == {"Tell me by DM", "Refresh", "Revoke"})
    assert REQUEST.findall(talk.messages[message]["content"]) == [url]
    await talk.press(message, "Revoke")
    await talk.shows(message, "Revoke it now?")
    await talk.press(message, "Yes, revoke it")
    await talk.shows(message, "Revoked")
    assert talk.messages[message]["components"] == []
    assert await through_web(client, url) == 410


async def test_somebody_else_ends_nothing(talk: FakeDiscord, web: Web) -> None:
    """Whoever sends a button's name must be who asked."""
    message, url = await asked(talk, web)
    await talk.press(message, "Revoke")
    await talk.shows(message, "Revoke it now?")
    await talk.press(message, "Yes, revoke it", user=OTHER)
    await talk.shows(message, "forgotten")
    assert (await looked(web, url)).standing is Standing.OPEN


async def test_request_whose_time_is_over_says_so(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Its page takes nothing, and a press shows why."""
    message, url = await asked(talk, web)
    await overdue(web.house, url)
    assert await through_web(client, url) == 410
    await talk.press(message, "Refresh")
    await talk.shows(message, "time is over")


async def test_name_that_is_too_long_is_refused(talk: FakeDiscord, web: Web) -> None:
    """It is not cut: the sentence names the limit, and nothing is asked."""
    told = await talk.reply(await talk.command("request", label="x" * 61))
    assert "at most 60 characters" in told


async def test_list_shows_what_waits_and_revokes(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Requests stand in an answer of their own below the secrets, each with its button."""
    _, url = await asked(talk, web)
    number = await talk.command("secrets")
    await talk.answers(number, 2)
    listed = talk.interactions[number].made[1]
    assert "1. A request, open until <t:" in talk.messages[listed]["content"]
    await talk.press(listed, "Revoke 1")
    await talk.shows(listed, "Revoke it now?")
    await talk.press(listed, "Keep it")
    await talk.shows(listed, "1. A request")
    await talk.press(listed, "Revoke 1")
    await talk.shows(listed, "Revoke it now?")
    await talk.press(listed, "Yes, revoke it")
    await talk.shows(listed, "Nothing waits")
    assert await through_web(client, url) == 410


async def test_buttons_that_are_shown_wait_nowhere(talk: FakeDiscord, web: Web) -> None:
    """However many lists are shown, the bot keeps neither their buttons nor a task for each."""
    await asked(talk, web)
    before = len(asyncio.all_tasks())
    for _ in range(5):
        await talk.answers(await talk.command("secrets"), 2)
    assert len(asyncio.all_tasks()) <= before + 2


async def test_requests_go_with_the_data(talk: FakeDiscord, web: Web) -> None:
    """Who has their data deleted gets nothing handed in any more."""
    _, url = await asked(talk, web)
    number = await talk.command("delete-my-data")
    await talk.reply(number)
    message = talk.interactions[number].made[0]
    await talk.press(message, "Delete my data")
    await talk.shows(message, "your requests take nothing more")
    assert (await looked(web, url)).standing is Standing.REVOKED


async def test_file_too_large_for_discord_goes_through_a_page(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """/upload gives a page that takes one file, and the link comes back."""
    message, url = await asked(talk, web, "upload")
    assert "one file of up to 100 MB" in talk.messages[message]["content"]
    assert await through_web(client, url, file_form(b"large", "big.iso", password="pw")) == 201
    await talk.shows(message, "Something was handed in")
    content = talk.messages[await fetched(talk, message)]["content"]
    assert "Your file of 5 bytes is handed over" in content
    assert "Tell the password" in content
    assert len(links(content)) == 1


async def test_page_for_large_files_may_be_switched_off(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """Where the operator wants no uploads over the web, no command offers one."""
    async with door(share, replace(settings, web_upload=False), discord):
        assert "/upload" not in await discord.reply(await discord.command("help"))
    [commands] = discord.synced
    names = {command["name"] for command in commands}
    assert "request" in names
    assert "upload" not in names
