"""In groups everybody reads along: the Telegram door takes nothing there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.telegram_chats import BOT

if TYPE_CHECKING:
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram

MENTION = [{"type": "mention", "offset": 0, "length": 9}]
COMMAND = [{"type": "bot_command", "offset": 0, "length": 6}]
ADDRESSED = [{"type": "bot_command", "offset": 0, "length": 15}]
OTHER = [{"type": "mention", "offset": 0, "length": 6}]


@pytest.mark.parametrize(
    "content",
    [
        {"text": "@once_bot take my password", "entities": MENTION},
        {"text": "@Once_Bot take my password", "entities": MENTION},
        {"text": "/start", "entities": COMMAND},
        {"text": "/share@once_bot my password", "entities": ADDRESSED},
        {"new_chat_members": [BOT]},
    ],
)
async def test_group_is_shown_the_private_chat(
    bot: FakeTelegram, web: Web, content: dict[str, Any]
) -> None:
    """Whoever addresses the bot in a group is shown the way, and nothing is taken or deleted."""
    message = bot.say(-100, "supergroup", **content)
    answer = await bot.said("Not here")
    [[button]] = answer["reply_markup"]["inline_keyboard"]
    assert button["url"] == "https://t.me/once_bot?start=share"
    assert message["message_id"] in bot.messages
    assert await web.house.redis.keys("ots:{*}") == []


async def test_captioned_file_and_reply_in_a_group_are_not_taken(
    bot: FakeTelegram, web: Web
) -> None:
    """A file that mentions the bot, and an answer to the bot, are shown the way too."""
    file = bot.store(b"x", file_name="a")
    bot.say(-1, "group", document=file, caption="@once_bot", caption_entities=MENTION)
    [answer] = await bot.answers()
    bot.say(
        -2,
        "group",
        text="my password",
        reply_to_message=answer | {"chat": {"id": -2, "type": "group"}},
    )
    await bot.answers(2)
    assert all("Not here" in message["text"] for message in await bot.answers(2))
    assert bot.called("getFile") == []
    assert await web.house.redis.keys("ots:{*}") == []


async def test_talk_of_others_is_not_answered(bot: FakeTelegram, web: Web) -> None:
    """What a group says to somebody else is none of the bot's business."""
    bot.say(-100, "supergroup", text="hello")
    bot.say(-100, "supergroup", text="@alice hello", entities=OTHER)
    bot.say(-100, "supergroup", document=bot.store(b"x"))
    bot.say(text="in private")
    answer = await bot.said("Your link")
    assert answer["chat"]["id"] == 42
    assert len(bot.sent) == 1


async def test_flood_in_a_group_is_answered_once(bot: FakeTelegram) -> None:
    """A group that calls the bot again and again is answered once, and holds up nobody."""
    for _ in range(30):
        bot.command("/start", -100, "supergroup")
    bot.say(text="in private")
    await bot.said("Your link")
    assert len([sent for sent in bot.sent if sent["chat"]["id"] == -100]) == 1
