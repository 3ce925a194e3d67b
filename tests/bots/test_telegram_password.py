"""A password by chat: asked for by a prompt, given as its reply, and then gone from the chat."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.creations import Creations
from core.errors import PasswordRequired, Unavailable
from core.link import Claim
from tests.bots.test_telegram_controls import shared
from tests.contents import until
from tests.fakes.telegram_talk import door, links

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from bots.share import Share
    from core.creations import Creation
    from core.link import Link
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram


async def prompted(bot: FakeTelegram, message: dict[str, Any]) -> dict[str, Any]:
    """Press the button, and wait for the prompt."""
    before = len(bot.sent)
    bot.press(message, "Password")
    await until(lambda: len(bot.sent) > before)
    return bot.messages[bot.sent[-1]["message_id"]]


async def replied(bot: FakeTelegram, prompt: dict[str, Any], text: str, *words: str) -> None:
    """Reply to a prompt; both it and the reply go from the chat, and a sentence stays."""
    to = {k: v for k, v in prompt.items() if k != "reply_to_message"}
    reply = bot.say(text=text, reply_to_message=to)
    await bot.said(*words)
    await bot.gone(reply)
    await bot.gone(prompt)


async def opens(web: Web, link: Link, password: str | None) -> None:
    claim = Claim.random()
    await web.house.vault.open(link.id, link.key, claim, password)
    await web.house.redis.hset(f"ots:{{{link.id}}}", "lease", 1)


async def test_password_is_set_changed_and_removed(bot: FakeTelegram, web: Web) -> None:
    """The link stays through all of it; the prompt repeats it, and holds the way to answer."""
    message, link = await shared(bot)
    prompt = await prompted(bot, message)
    assert links(prompt) == [link]
    assert bot.sent[-1]["asked"]["reply_markup"]["force_reply"] is True
    await replied(bot, prompt, "first words", "password is set")
    with pytest.raises(PasswordRequired):
        await web.house.vault.open(link.id, link.key, Claim.random())
    await opens(web, link, "first words")

    prompt = await prompted(bot, message)
    assert "old password in the first line" in prompt["text"]
    await replied(bot, prompt, "first words\nsecond words", "password is set")
    await opens(web, link, "second words")

    await replied(bot, await prompted(bot, message), "second words", "password is gone")
    await opens(web, link, None)
    assert all("words" not in sent["text"] for sent in bot.sent)


async def test_wrong_old_password_is_told(bot: FakeTelegram, web: Web) -> None:
    """Who does not know the password can't change it, and uses an attempt up."""
    message, link = await shared(bot)
    await replied(bot, await prompted(bot, message), "right", "password is set")
    await replied(bot, await prompted(bot, message), "wrong\nnew", "attempts left: 4")
    await opens(web, link, "right")


async def test_any_other_message_is_a_new_secret(bot: FakeTelegram, web: Web) -> None:
    """A message that replies to nothing, or to another message, is shared as ever."""
    message, link = await shared(bot)
    await prompted(bot, message)
    await bot.gone(bot.say(text="not a password"))
    to = {k: v for k, v in bot.messages[message["message_id"]].items() if k != "reply_to_message"}
    await bot.gone(bot.say(text="nor this", reply_to_message=to))
    await opens(web, link, None)
    assert len(await web.house.redis.keys("ots:{*}")) == 3


async def test_prompt_of_somebody_else_sets_nothing(bot: FakeTelegram, web: Web) -> None:
    """Who forwards or forges a prompt has not shared what it names, and is refused."""
    message, link = await shared(bot)
    prompt = await prompted(bot, message)
    to = {k: v for k, v in prompt.items() if k != "reply_to_message"}
    bot.say(77, text="mine now", reply_to_message=to | {"chat": {"id": 77, "type": "private"}})
    await bot.said("no such secret of yours")
    await opens(web, link, None)


def reply(bot: FakeTelegram, prompt: dict[str, Any], text: str) -> dict[str, Any]:
    """Reply to a prompt, as the chat's own reply field does."""
    to = {k: v for k, v in prompt.items() if k != "reply_to_message"}
    word = text.split(maxsplit=1)[0]
    entity = {"type": "bot_command", "offset": 0, "length": len(word)}
    more = {"entities": [entity]} if text.startswith("/") else {}
    return bot.say(text=text, reply_to_message=to, **more)


async def test_command_stays_a_command_while_a_prompt_waits(bot: FakeTelegram, web: Web) -> None:
    """Telegram makes whatever comes next a reply to the prompt; a command is no password."""
    message, link = await shared(bot)
    prompt = await prompted(bot, message)
    reply(bot, prompt, "/list")
    await bot.said("Your secrets:")
    await opens(web, link, None)
    await replied(bot, prompt, "words", "password is set")


async def test_reply_that_is_told_twice_counts_once(bot: FakeTelegram, web: Web) -> None:
    """A repeated wrong old password uses up one attempt, not two."""
    message, link = await shared(bot)
    await replied(bot, await prompted(bot, message), "right", "password is set")
    given = reply(bot, await prompted(bot, message), "wrong\nnew")
    await bot.said("attempts left: 4")
    bot.deliver(given)
    await until(lambda: not bot.updates)
    assert (await web.house.vault.peek(link.id, link.key)).attempts_left == 4


async def test_password_that_can_not_be_deleted_is_told(bot: FakeTelegram) -> None:
    """Where the platform keeps the password in the chat, its sender is asked to delete it."""
    message, _ = await shared(bot)
    prompt = await prompted(bot, message)
    for _ in range(2):
        bot.refuse("deleteMessage", 400, "Bad Request: message can't be deleted")
    reply(bot, prompt, "words")
    await bot.said("password is set", "delete it yourself")


async def test_reply_while_the_bot_is_down_is_taken_when_it_is_back(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web
) -> None:
    """Nothing is kept between prompt and reply: a restart in between is not noticed."""
    async with door(share, settings, telegram):
        message, link = await shared(telegram)
        prompt = await prompted(telegram, message)
    reply(telegram, prompt, "words")
    async with door(share, settings, telegram):
        await telegram.said("password is set")
    await opens(web, link, "words")


class Faltering(Creations):
    """Marks of events in a Redis that does not answer once it is told to."""

    down = False

    @asynccontextmanager
    async def once(
        self, door: str, event: str, parts: Collection[str] = (), *, patient: bool = True
    ) -> AsyncIterator[Creation]:
        """Do as told."""
        if self.down:
            raise Unavailable
        async with super().once(door, event, parts, patient=patient) as creation:
            yield creation


async def test_password_does_not_stay_where_nothing_could_be_changed(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web
) -> None:
    """A storage that does not answer is told, and prompt and password go all the same."""
    creations = Faltering(web.house.scripts, share.vault.server_key)
    async with door(replace(share, creations=creations), settings, telegram):
        message, link = await shared(telegram)
        prompt = await prompted(telegram, message)
        creations.down = True
        await replied(telegram, prompt, "words", "storage does not answer")
    await opens(web, link, None)
