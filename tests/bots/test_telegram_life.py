"""The Telegram door opens, stays open through trouble, and closes."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from bots import telegram_bot
from core.errors import DoorClosed
from tests.contents import until
from tests.fakes.telegram_talk import door, links, named, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram


@pytest.mark.parametrize("token", ["1:no", "1234567:" + "x" * 35])
async def test_bad_token_closes_the_door_with_a_sentence(
    telegram: FakeTelegram, share: Share, settings: Settings, token: str
) -> None:
    """A token that the platform refuses, well-formed or not, ends the door and says what to do."""
    with pytest.raises(DoorClosed, match=r"TELEGRAM_BOT_TOKEN.*@BotFather") as caught:
        await telegram_bot.run(share, named(settings, telegram, token))
    assert token not in caught.value.reason


async def test_token_that_is_revoked_later_closes_the_door(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """A door whose token stops working does not stay open in silence."""
    async with door(share, settings, telegram) as task:
        await until(lambda: telegram.called("getUpdates"))
        telegram.token = "1234567:another"
        telegram.command("/help")  # ends the running poll
        await asyncio.wait([task], timeout=15)
        assert isinstance(task.exception(), DoorClosed)


async def test_platform_that_is_down_is_tried_again(
    telegram: FakeTelegram, share: Share, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The door opens as soon as the platform is back, and says meanwhile what it waits for."""
    telegram.down = True
    told = ""

    def waits() -> bool:
        nonlocal told
        told += capsys.readouterr().out
        return "telegram unreachable" in told

    async with door(share, settings, telegram):
        await until(waits)
        telegram.down = False
        telegram.say(text="now")
        await telegram.said("Your link")


@pytest.mark.parametrize("method", ["getMe", "deleteWebhook", "setMyCommands", "getUpdates"])
async def test_broken_connection_does_not_close_the_door(
    telegram: FakeTelegram, share: Share, settings: Settings, method: str
) -> None:
    """Whichever call the network breaks, the door is open in the end."""
    telegram.drop(method, done=False)
    async with door(share, settings, telegram):
        telegram.say(text="x")
        await telegram.said("Your link")


@pytest.mark.parametrize("parts", [1, 2])
async def test_message_is_deleted_by_the_next_process_where_one_died_before(
    telegram: FakeTelegram, share: Share, settings: Settings, parts: int
) -> None:
    """Its link went out; what it holds does not stay in the chat, and no second link is made."""
    method = "deleteMessage" if parts == 1 else "deleteMessages"
    telegram.hold(method)
    telegram.drop(method, done=False)  # the call dies with the process
    album = {"media_group_id": "g"} if parts > 1 else {}
    sent = [telegram.say(document=telegram.store(b"x"), **album) for _ in range(parts)]
    async with door(share, settings, telegram, stop_within=0):
        await until(lambda: telegram.called(method))
    telegram.gates.pop(method).set()
    async with door(share, settings, telegram):
        for message in sent:
            await telegram.gone(message)
    assert len(telegram.sent) == 1


async def test_webhook_of_before_gives_way_to_polling(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """A webhook that was set for the same bot is removed: it would keep updates from us."""
    telegram.webhook = "https://example.com/hook"
    async with door(share, settings, telegram):
        telegram.say(text="x")
        await telegram.said("Your link")


async def test_second_poller_is_outlived(
    telegram: FakeTelegram,
    share: Share,
    settings: Settings,
    client: ClientSession,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """When another program polls with the same token, that is told, and outlived."""
    async with door(share, settings, telegram):
        await until(lambda: telegram.called("getUpdates"))
        address = f"{telegram.url}/bot{telegram.token}/getUpdates"
        async with client.post(address, data={"timeout": 1}) as answer:
            assert answer.status == 200
        telegram.say(text="x")
        await telegram.said("Your link")
    assert "Another program takes this bot's messages" in capsys.readouterr().out


async def test_unreadable_update_spoils_no_other(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """An update in a shape that nobody expects is passed over, and confirmed."""
    telegram.tell({"update_id": 1, "message": {"text": "without a date"}})
    telegram.say(text="x")
    async with door(share, settings, telegram):
        await telegram.said("is deleted")
        await until(lambda: not telegram.updates)


async def test_what_waited_while_the_door_was_closed_is_answered(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """Messages sent while the door was closed are answered when it opens."""
    message = telegram.say(text="early")
    async with door(share, settings, telegram):
        await telegram.gone(message)


async def test_closing_lets_running_work_end(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """A file that is on its way when the door closes still gets its answer, and is confirmed."""
    gate = telegram.hold("download")
    async with door(share, settings, telegram) as task:
        message = telegram.say(document=telegram.store(os.urandom(2_000_000)))
        await until(lambda: telegram.called("getFile"))
        task.cancel()
        gate.set()
        await asyncio.wait([task], timeout=15)
        assert task.done()
    assert message["message_id"] not in telegram.messages
    assert links((await telegram.answers())[0])
    assert telegram.updates == []


async def test_work_that_is_cut_short_is_done_after_the_next_start(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """What takes too long for a closing door is not confirmed: it is answered when it opens."""
    gate = telegram.hold("download")
    async with door(share, settings, telegram, stop_within=0.1) as task:
        slow = telegram.say(document=telegram.store(b"slow"))
        await until(lambda: telegram.called("getFile"))
        quick = telegram.say(text="quick")
        await telegram.gone(quick)
        task.cancel()
        await asyncio.wait([task], timeout=15)
        assert task.done()
    assert len(telegram.sent) == 1
    assert slow["message_id"] in telegram.messages
    gate.set()
    async with door(share, settings, telegram):
        await telegram.gone(slow)
        await until(lambda: not telegram.updates)
    [_, answer] = await telegram.answers(2)
    assert (await opened(client, web.url, links(answer)[0]))[0] == b"slow"
