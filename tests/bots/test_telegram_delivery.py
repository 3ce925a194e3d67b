"""What happens to a link when Telegram or the network has a bad moment."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bots.share import Submission, text_content
from core.creations import Creations
from core.errors import Gone
from core.link import Claim
from core.secret import Kind, Sender
from tests.contents import until
from tests.fakes.telegram_talk import links, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.bootstrap import House
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram


async def test_repeated_delivery_gives_no_second_secret(bot: FakeTelegram, web: Web) -> None:
    """The same message told again is answered once."""
    message = bot.say(text="once")
    await bot.gone(message)
    bot.deliver(message)
    bot.deliver(message)
    await until(lambda: not bot.updates)
    bot.command("/help")
    await bot.said("Link previews")
    assert len(bot.sent) == 2
    assert len(await web.house.redis.keys("ots:{*}")) == 1


async def test_answer_of_unclear_fate_is_sent_again(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Where the network breaks before or after the link arrived, the link stays good."""
    bot.drop("sendMessage", done=True)
    bot.drop("sendMessage", done=False)
    message = bot.say(text="still here")
    await bot.gone(message)
    first, second = await bot.answers(2)
    assert links(first) == links(second)
    assert (await opened(client, web.url, links(first)[0]))[0] == b"still here"


async def test_broken_call_for_a_file_is_made_again(bot: FakeTelegram) -> None:
    """A connection that breaks while asking for a file costs a moment."""
    bot.drop("getFile", done=False)
    bot.say(document=bot.store(b"x"))
    await bot.said("Your link for your file")


async def test_flood_control_delays_the_answer(bot: FakeTelegram) -> None:
    """When told to wait, the bot waits and answers then."""
    bot.refuse("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    began = time.monotonic()
    bot.say(text="x")
    await bot.said("is deleted")
    assert time.monotonic() - began >= 1


async def test_answer_that_can_not_be_sent_leaves_no_secret(bot: FakeTelegram, web: Web) -> None:
    """A sender who blocked the bot gets no link, so nobody may: the secret is revoked."""
    bot.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user")
    bot.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user")
    message = bot.say(text="x")
    await until(lambda: len(bot.called("sendMessage")) == 2)
    [record] = await web.house.redis.keys("ots:{*}")
    assert await web.house.redis.hget(record, "state") == b"revoked"
    assert message["message_id"] in bot.messages


async def test_answer_that_is_refused_once_is_told(bot: FakeTelegram) -> None:
    """A link that could not be sent is not passed over: the sender is asked to send again."""
    bot.refuse("sendMessage", 400, "Bad Request: something")
    message = bot.say(text="x")
    await bot.said("send it again")
    assert message["message_id"] in bot.messages


async def test_refused_deletion_is_told(bot: FakeTelegram) -> None:
    """Where the platform does not delete, the sender is asked to."""
    bot.refuse("deleteMessage", 400, "Bad Request: message can't be deleted")
    bot.say(text="x")
    await bot.said("Your link", "yourself")


async def test_message_of_long_ago_is_shared_and_its_deletion_asked_for(bot: FakeTelegram) -> None:
    """What waited for more than two days can't be deleted by a bot any more."""
    message = bot.say(text="x")
    message["date"] = int(time.time()) - 49 * 3600
    await bot.said("Your link", "yourself")


async def test_sender_who_deletes_first_is_told_the_truth(bot: FakeTelegram) -> None:
    """A message that its sender deleted meanwhile is shared, and is deleted."""
    gate = bot.hold("getFile")
    message = bot.say(document=bot.store(b"x"))
    await until(lambda: bot.called("getFile"))
    del bot.messages[message["message_id"]]
    gate.set()
    await bot.said("Your link", "is deleted")


async def test_slow_file_holds_up_nobody(bot: FakeTelegram) -> None:
    """While some files hang, other chats are answered, more than one poll tells."""
    gate = bot.hold("download")
    for _ in range(3):
        bot.say(document=bot.store(b"slow"))
    for chat in range(100, 220):
        bot.command("/help", chat)
    await until(lambda: len(bot.sent) == 120)
    gate.set()
    await until(lambda: len(bot.sent) == 123)


async def test_unanswered_try_is_replaced(share: Share, house: House) -> None:
    """A try that ended between storing and answering: its link dies, and the new one says so."""
    sender, event = Sender("telegram", "42"), "42/555"
    quick = Creations(house.scripts, share.vault.server_key, lease=0.2)
    creation = await quick._begin(quick.mark("telegram", event))
    lost = await share.vault.seal(
        text_content("x"),
        kind=Kind.TEXT,
        owner=share.vault.owner(sender),
        secret_id=creation.secret_id,
    )
    again = Submission(sender=sender, event=event, kind=Kind.TEXT, content=text_content("x"))
    async with replace(share, creations=quick).handle(again) as shared:
        assert shared.replaced
    with pytest.raises(Gone):
        await share.vault.open(lost.link.id, lost.link.key, Claim.random())
