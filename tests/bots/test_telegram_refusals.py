"""What the Telegram door does not take, and what it says then."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bots.share import Share
from core.bootstrap import open_vault
from tests.fakes.telegram_talk import door, links, opened, ruled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import ClientSession

    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram


LANGUAGE_CODES = {"de", "es", "fr", "pt", "ru", "hi", "ja", "zh", "ar"}
STICKER = {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1}
STICKER |= {"is_animated": False, "is_video": False}


@pytest.fixture
def nothing_kept(web: Web) -> Callable[[], Awaitable[None]]:
    """Give a check that there is neither a record nor a blob."""

    async def check() -> None:
        assert await web.house.redis.keys("ots:{*}") == []
        blobs = (web.settings.data_dir / "blobs").rglob("*")
        assert [path for path in blobs if path.is_file()] == []

    return check


async def test_too_large_where_the_page_takes_nothing(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """Nobody is sent to an upload page that is switched off, and no command offers one."""
    async with door(share, replace(settings, web_upload=False), telegram):
        telegram.say(document=telegram.store(bytes(20_000_001)))
        answer = await telegram.said("20 MB", "smaller")
    assert "http" not in answer["text"]
    for menu in telegram.called("setMyCommands"):
        assert "upload" not in {entry["command"] for entry in menu["commands"]}


@pytest.mark.parametrize("told", [-1, None, 5])
async def test_one_byte_over_the_limit_is_refused(
    telegram: FakeTelegram, share: Share, settings: Settings, told: int | None
) -> None:
    """The operator's limit holds for the bytes that arrive, whatever size was announced."""
    async with door(ruled(share, max_size=100_000), settings, telegram):
        large = telegram.say(document=telegram.store(bytes(100_001), told=told))
        await telegram.said("too large", "100 kB")
        fits = telegram.say(document=telegram.store(bytes(100_000)))
        await telegram.gone(fits)
    assert large["message_id"] in telegram.messages


async def test_forbidden_ending_is_refused_and_left_alone(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """A file that the operator forbids is refused by its ending, and the sender keeps it."""
    async with door(ruled(share, allowed=("pdf", "txt")), settings, telegram):
        message = telegram.say(document=telegram.store(b"x", file_name="a.exe"))
        await telegram.said(".exe", "pdf, txt")
    assert message["message_id"] in telegram.messages
    assert telegram.called("getFile") == []


async def test_message_whose_file_is_refused_is_left_alone(
    telegram: FakeTelegram,
    share: Share,
    settings: Settings,
    nothing_kept: Callable[[], Awaitable[None]],
) -> None:
    """Where the file is refused, what is written with it is not shared by itself."""
    async with door(ruled(share, allowed=("txt",)), settings, telegram):
        file = telegram.store(b"x", file_name="a.exe")
        message = telegram.say(document=file, caption="kept")
        await telegram.said(".exe")
    assert message["message_id"] in telegram.messages
    await nothing_kept()


async def test_text_of_nothing_is_refused(
    bot: FakeTelegram, nothing_kept: Callable[[], Awaitable[None]]
) -> None:
    """White space is no secret."""
    message = bot.say(text="\u3000 ")
    await bot.said("empty")
    assert message["message_id"] in bot.messages
    await nothing_kept()


async def test_broken_download_is_told_and_may_be_sent_again(
    bot: FakeTelegram, web: Web, client: ClientSession, nothing_kept: Callable[[], Awaitable[None]]
) -> None:
    """A file that breaks off half-way leaves nothing; sent again it works."""
    body = os.urandom(300_000)
    message = bot.say(document=bot.store(body, cut=100_000))
    await bot.said("broke off", "again")
    assert message["message_id"] in bot.messages
    await nothing_kept()
    bot.say(document=bot.store(body))
    answers = await bot.answers(2)
    assert (await opened(client, web.url, links(answers[1])[0]))[0] == body


async def test_file_that_is_gone_is_told(bot: FakeTelegram) -> None:
    """A file that the platform does not find is the sender's to send again."""
    message = bot.say(document=bot.store(b"x") | {"file_id": "unknown"})
    await bot.said("again")
    assert message["message_id"] in bot.messages


async def test_limit_says_when_it_is_possible_again(
    telegram: FakeTelegram, settings: Settings
) -> None:
    """Each sender has so many an hour; what comes after stays in the chat, and is told when."""
    settings = replace(settings, allowance=replace(settings.allowance, uploads_per_hour=1))
    async with (
        open_vault(settings) as house,
        door(Share.of(house, settings.public_url), settings, telegram),
    ):
        telegram.say(document=telegram.store(bytes(20_000_001)))
        await telegram.said("20 MB")  # never arrived, so never counted
        await telegram.gone(telegram.say(text="first"))
        second = telegram.say(text="second")
        told = await telegram.said("at most 1 an hour", "again at")
        assert re.search(r"again at \d\d:\d\d UTC, in (1 h|59 min \d+ s)\b", told["text"])
        await telegram.gone(telegram.say(43, text="somebody else's"))
    assert second["message_id"] in telegram.messages


@pytest.mark.parametrize(
    "content",
    [
        {"dice": {"emoji": "🎲", "value": 3}},
        {"sticker": STICKER},
    ],
)
async def test_unsupported_kind_gets_a_sentence(bot: FakeTelegram, content: dict[str, Any]) -> None:
    """What can't be shared is not passed over in silence."""
    message = bot.say(42, "private", **content)
    await bot.said("can't take", "Send")
    assert message["message_id"] in bot.messages


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/start", ["opens exactly once", "5 h"]),
        ("/start share", ["opens exactly once", "5 h"]),
        ("/help", ["20 MB", "Link previews open nothing"]),
        ("/privacy", ["sealed", "/privacy"]),
    ],
)
async def test_commands_are_answered(
    telegram: FakeTelegram, share: Share, settings: Settings, command: str, words: list[str]
) -> None:
    """Each command has its answer, and the platform's menu knows it, in every language."""
    settings = replace(settings, policy=replace(settings.policy, max_size=20_000_000))
    async with door(replace(share, policy=settings.policy), settings, telegram):
        telegram.command(command)
        await telegram.said(*words)
    menus = telegram.called("setMyCommands")
    assert {menu.get("language_code") for menu in menus} == {None, *LANGUAGE_CODES}
    for menu in menus:
        assert {entry["command"] for entry in menu["commands"]} == {
            *("start", "help", "list", "request", "upload", "revoke", "delete_my_data", "privacy")
        }
