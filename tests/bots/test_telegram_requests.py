"""Asking in Telegram: the link goes out, what is handed in comes back, large files find a way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import FormData

from core.invitation import Standing
from core.secret import Sender
from tests.asked import file_form, named_in, overdue, through_web
from tests.bots.test_requests import settled
from tests.contents import until
from tests.fakes.telegram_chats import buttons
from tests.fakes.telegram_talk import door, links, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram

REQUEST = re.compile(r"http\S+/r/\S+")
SAM = Sender("telegram", "42")


async def asked(bot: FakeTelegram, command: str = "/request Ann") -> tuple[dict[str, Any], str]:
    """Ask; answer the bot's message as the chat shows it, and the request's link."""
    before = len(bot.sent)
    bot.command(command)
    message = (await bot.answers(before + 1))[before]
    return message, REQUEST.findall(message["text"])[0]


def shown(bot: FakeTelegram, message: dict[str, Any]) -> str:
    return str(bot.messages[message["message_id"]]["text"])


def labels(bot: FakeTelegram, message: dict[str, Any]) -> list[str]:
    return [button["text"] for button in buttons(bot.messages[message["message_id"]])]


def brought(bot: FakeTelegram) -> list[dict[str, Any]]:
    """List the messages that brought a link of what was handed in."""
    return [one for one in bot.sent if "handed" in one["text"] and links(one)]


def owner(web: Web) -> bytes:
    return web.house.vault.owner(SAM)


async def standing(web: Web, url: str) -> Standing:
    return (await web.house.invitations.inquire(named_in(url), owner(web))).standing


async def test_what_is_handed_in_comes_into_the_chat(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """The page names who asks, takes one thing once, and its link is a reply with controls."""
    message, url = await asked(bot, "/request Ann  <b>")
    assert "until" in message["text"]
    assert "“Ann <b>”" in message["text"]
    assert labels(bot, message) == ["Copy link", "Revoke"]
    form = FormData(default_to_multipart=True)
    form.add_field("text", "a word")
    assert await through_web(client, url, form) == 201
    told = await bot.said("Somebody handed a text in")
    assert bot.sent[-1]["reply_to_message"]["message_id"] == message["message_id"]
    assert {"Copy link", "5 h", "Password", "Revoke"} <= set(labels(bot, told))
    await until(lambda: "was used" in shown(bot, message))
    assert labels(bot, message) == []
    assert await through_web(client, url) == 410
    bot.press(told, "1 day")
    await until(lambda: "Waiting, expires in 1 day" in shown(bot, told))
    assert (await opened(client, web.url, links(told)[0]))[0] == b"a word"
    await bot.said("Opened", "UTC.")
    await until(lambda: "opens nothing any more" in shown(bot, told))


async def test_request_is_revoked_after_a_question(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """No keeps it as it was; yes ends it, and its page takes nothing."""
    message, url = await asked(bot)
    bot.press(message, "Revoke")
    await until(lambda: "No, keep it" in labels(bot, message))
    bot.press(message, "No, keep it")
    await until(lambda: labels(bot, message) == ["Copy link", "Revoke"])
    bot.press(message, "Revoke")
    await until(lambda: "Yes, revoke it" in labels(bot, message))
    bot.press(message, "Yes, revoke it")
    await until(lambda: "Revoked" in shown(bot, message))
    assert labels(bot, message) == []
    assert await through_web(client, url) == 410


async def test_name_that_is_too_long_is_refused(bot: FakeTelegram, web: Web) -> None:
    """It is not cut: the sentence names the limit, and nothing is asked."""
    bot.command(f"/request {'x' * 61}")
    await bot.said("at most 60 characters")
    assert await web.house.invitations.of_owner(owner(web)) == []


async def test_repeated_command_asks_once(bot: FakeTelegram, web: Web) -> None:
    """The same message told again makes no second link."""
    message = bot.command("/request")
    await bot.said("somebody asks")
    bot.deliver(message)
    await until(lambda: not bot.updates)
    bot.command("/help")
    await bot.said("Link previews")
    assert len(await web.house.invitations.of_owner(owner(web))) == 1
    assert len(bot.sent) == 2


async def test_what_came_while_the_bot_was_down_is_brought_once(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """The next bot brings it, the one after that does not."""
    async with door(share, settings, telegram):
        _, url = await asked(telegram)
    assert await through_web(client, url) == 201
    async with door(share, settings, telegram):
        told = await telegram.said("Somebody handed a file of 7 bytes in")
        await settled(web.house)
    async with door(share, settings, telegram):
        telegram.command("/help")
        await telegram.said("Link previews")
    assert len(brought(telegram)) == 1
    assert (await opened(client, web.url, links(told)[0])) == (b"content", "a.txt")


async def test_what_ended_before_it_was_brought_is_said(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """Nobody is handed a link that opens nothing, or left to wait for one."""
    async with door(share, settings, telegram):
        _, url = await asked(telegram)
    assert await through_web(client, url) == 201
    [status] = await web.house.vault.control.secrets(owner(web))
    await web.house.vault.control.revoke(status.id, owner(web))
    async with door(share, settings, telegram):
        told = await telegram.said("ended before I could bring it", "Revoked")
    assert links(told) == []


async def test_chat_that_is_blocked_may_fetch_it_later(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """It is not tried again and again; the list offers it to who comes back."""
    _, url = await asked(bot)
    bot.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user")
    assert await through_web(client, url) == 201
    await settled(web.house)
    bot.command("/list")
    listed = await bot.said("I could not bring its link")
    assert brought(bot) == []
    bot.press(listed, "Show link 1", by=77)
    await until(lambda: "Nothing waits" in shown(bot, listed))
    assert brought(bot) == []
    bot.command("/list")
    await until(lambda: sum("could not bring" in one["text"] for one in bot.sent) == 2)
    bot.press(bot.sent[-1], "Show link 1")
    told = await bot.said("Somebody handed a file")
    await until(lambda: "Nothing waits" in shown(bot, bot.sent[-2]))
    assert (await opened(client, web.url, links(told)[0]))[0] == b"content"


async def test_list_shows_what_waits_and_revokes(bot: FakeTelegram, web: Web) -> None:
    """Requests stand below the secrets; what is over stands there no more."""
    _, first = await asked(bot)
    _, second = await asked(bot, "/upload")
    await overdue(web.house, (await asked(bot))[1])
    bot.command("/list")
    listed = await bot.said("You wait for", "A request, open until", "A page for your file")
    assert "3." not in listed["text"]
    number = next(
        line[0] for line in listed["text"].splitlines() if line[1:].startswith(". A request")
    )
    bot.press(listed, f"Revoke {number}")
    await until(lambda: "Yes, revoke it" in labels(bot, listed))
    bot.press(listed, "No, keep it")
    await until(lambda: f"Revoke {number}" in labels(bot, listed))
    bot.press(listed, f"Revoke {number}")
    await until(lambda: "Yes, revoke it" in labels(bot, listed))
    bot.press(listed, "Yes, revoke it")
    await until(lambda: "A request" not in shown(bot, listed))
    assert await standing(web, first) is Standing.REVOKED
    assert await standing(web, second) is Standing.OPEN


async def test_request_whose_time_is_over_says_so(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Its page takes nothing, and a press shows why."""
    message, url = await asked(bot)
    await overdue(web.house, url)
    assert await through_web(client, url) == 410
    bot.press(message, "Revoke")
    await until(lambda: "Yes, revoke it" in labels(bot, message))
    bot.press(message, "Yes, revoke it")
    await until(lambda: "time is over" in shown(bot, message))


async def test_requests_go_with_the_data(bot: FakeTelegram, web: Web) -> None:
    """Who has their data deleted gets nothing handed in any more."""
    _, url = await asked(bot)
    bot.command("/delete_my_data")
    bot.press(await bot.said("every request"), "Yes, destroy everything")
    await bot.said("so are your requests")
    assert await standing(web, url) is Standing.REVOKED


@pytest.mark.parametrize("data", ["ask:x:AAAA", "ask:", "ask:R:" + "A" * 22])
async def test_forged_press_changes_nothing(bot: FakeTelegram, web: Web, data: str) -> None:
    """It is answered, and nobody's request ends."""
    message, url = await asked(bot)
    bot.press_data(message, data)
    bot.press_data(message, f"ask:R:{named_in(url)}", by=77)
    await until(lambda: len(bot.called("answerCallbackQuery")) == 2)
    assert all(answer["show_alert"] for answer in bot.called("answerCallbackQuery"))
    assert await standing(web, url) is Standing.OPEN


async def test_file_too_large_for_the_chat_goes_through_a_page(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Its sender gets a page that takes one file, and the link comes back."""
    large = bot.say(document=bot.store(bytes(20_000_001)))
    offered = await bot.said("20 MB", "100 MB", "once", "delete it yourself")
    bot.deliver(large)
    [url] = REQUEST.findall(offered["text"])
    assert labels(bot, offered) == ["Revoke"]
    form = file_form(b"large", "big.iso", password="pw")
    assert await through_web(client, url, form) == 201
    told = await bot.said("Your file of 5 bytes is handed over", "password")
    assert large["message_id"] in bot.messages
    [link] = links(told)
    assert (await web.house.vault.peek(link.id, link.key)).protected
    assert [one.asking.label for one in await web.house.invitations.of_owner(owner(web))] == ["Sam"]
