"""Long pastes: Telegram cuts them into several messages, and they become one text again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contents import until
from tests.fakes.telegram_talk import links, opened, there, waiting

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram

WORDS = "word " * 820  # 4,100 units


async def test_paste_that_was_cut_is_one_text_again(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """A full part goes on in mid-word; a shorter one was cut at white space, which is put back."""
    parts = ["🔑" * 2048, WORDS[:4094], "end"]
    messages = [bot.say(text=part) for part in parts]
    answer = await bot.said("your text", "is deleted")
    assert there(bot, messages) == [False] * 3
    bot.deliver(messages[1])
    await until(lambda: not bot.updates)
    assert len(bot.sent) == 1
    got, _ = await opened(client, web.url, links(answer)[0])
    assert got.decode() == f"{parts[0]}{parts[1]}\n{parts[2]}"


async def test_long_text_that_nothing_follows_is_itself(bot: FakeTelegram, web: Web) -> None:
    """Texts that are written one after the other stay apart, and so do those of other chats."""
    bot.say(text="short")
    bot.say(text=WORDS[:4000])
    bot.say(7, text="of somebody else")
    await bot.answers(3)
    assert await waiting(web) == 3
