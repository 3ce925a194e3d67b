"""What a message with a link shows in Telegram is true, whatever overtakes what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.secret import State
from tests.bots.test_telegram_controls import labels, shared, shown
from tests.contents import until
from tests.fakes.telegram_talk import links, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram


async def test_edit_that_is_overtaken_is_made_true(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Opened while the answer to a press is on its way: what it showed does not stay."""
    message, link = await shared(bot)
    gate, before = bot.hold("editMessageText"), len(bot.called("editMessageText"))
    bot.press(message, "1 day")
    await until(lambda: len(bot.called("editMessageText")) > before)
    del bot.gates["editMessageText"]  # for all but the one that waits
    await opened(client, web.url, link)
    await until(lambda: "Opened" in shown(bot, message))
    gate.set()
    await until(lambda: len(bot.called("editMessageText")) == before + 3)
    await until(lambda: "Opened" in shown(bot, message))
    assert links(bot.messages[message["message_id"]]) == []


async def test_opening_before_the_message_was_noted_is_shown(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """A recipient who is faster than the note of where the link stands leaves no stale link."""
    gate = bot.hold("deleteMessage")
    bot.say(text="quick")
    [message] = await bot.answers()
    await opened(client, web.url, links(message)[0])
    gate.set()
    await until(lambda: "opens nothing any more" in shown(bot, message))
    assert links(bot.messages[message["message_id"]]) == []


async def test_chosen_lifetime_is_marked(bot: FakeTelegram) -> None:
    """The mark moves to the lifetime that was chosen, and outlasts a question in between."""
    message, _ = await shared(bot)
    bot.press(message, "1 day")
    await until(lambda: "✓ 1 day" in labels(bot, message))
    assert "5 h" in labels(bot, message)
    bot.press(message, "Revoke")
    await until(lambda: "No, keep it" in labels(bot, message))
    bot.press(message, "No, keep it")
    await until(lambda: "✓ 1 day" in labels(bot, message))


async def test_revoke_as_an_answer_to_a_link_asks_and_revokes(bot: FakeTelegram, web: Web) -> None:
    """The question stands under the link; no keeps it, yes destroys it, and both show it."""
    message, link = await shared(bot)
    there = {k: v for k, v in message.items() if k != "reply_to_message"}
    bot.command("/revoke", reply_to_message=there)
    question = await bot.said("Destroy what this link opens?")
    assert links(question) == []
    bot.press(question, "No, keep it")
    await until(lambda: "Waiting" in shown(bot, question))
    assert (await web.house.vault.peek(link.id, link.key)).state == State.READY
    bot.command("/revoke", reply_to_message=there)
    question = await bot.said("Destroy what this link opens?")
    bot.press(question, "Yes, destroy it")
    await until(lambda: "Revoked" in shown(bot, question) and "Revoked" in shown(bot, message))
    assert (await web.house.vault.peek(link.id, link.key)).state == State.REVOKED


async def test_revoke_alone_lists_what_may_be_revoked(bot: FakeTelegram, web: Web) -> None:
    """Without an answered link there is a list to choose from."""
    _, link = await shared(bot)
    bot.command("/revoke")
    listed = await bot.said("Your secrets:", "1. Waiting")
    bot.press(listed, "Revoke 1")
    await until(lambda: "Yes, destroy it" in labels(bot, listed))
    bot.press(listed, "Yes, destroy it")
    await until(lambda: "1. Revoked" in shown(bot, listed))
    assert (await web.house.vault.peek(link.id, link.key)).state == State.REVOKED
