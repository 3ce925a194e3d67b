"""Telegram brings updates by itself: to any replica, until one says that it was handled."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bots import telegram_bot, telegram_webhook
from core.errors import DoorClosed
from core.stop import Stop
from tests.bots.test_telegram_password import Faltering
from tests.contents import until
from tests.fakes.telegram_talk import door, links, named, opened
from tests.fakes.telegram_webhook import HEADER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram

NO_UPDATES: tuple[Any, ...] = ({}, [], {"update_id": "x"})


def hooked(settings: Settings) -> Settings:
    """Set a webhook on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/telegram"
    return replace(settings, telegram_webhook_url=url, telegram_webhook_port=port)


@asynccontextmanager
async def webhook(
    share: Share, settings: Settings, telegram: FakeTelegram, *, stop_within: float = 20
) -> AsyncIterator[Settings]:
    """Run the bot with a webhook; answers where it listens."""
    given, before = hooked(settings), len(telegram.called("setWebhook"))
    async with door(share, given, telegram, stop_within=stop_within):
        await until(lambda: len(telegram.called("setWebhook")) > before)
        await until(lambda: telegram.webhook == given.telegram_webhook_url)
        yield given


async def brought(
    client: ClientSession, settings: Settings, update: Any, secret: str | None
) -> tuple[int, str]:
    """Call a replica's webhook by hand; answer status and text."""
    headers = {} if secret is None else {HEADER: secret}
    url = str(settings.telegram_webhook_url)
    async with client.post(url, json=update, headers=headers) as answer:
        return answer.status, await answer.text()


async def status(client: ClientSession, url: str) -> int:
    async with client.get(url) as answer:
        return answer.status


async def test_what_is_brought_is_answered(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """A text becomes a link that opens; Telegram was told a secret and that nothing is dropped."""
    telegram.say(text="came before the webhook was set")
    async with webhook(share, settings, telegram):
        await telegram.gone(telegram.say(text="by webhook"))
        answers = await telegram.answers(2)
    assert (await opened(client, web.url, links(answers[-1])[0]))[0] == b"by webhook"
    [asked] = telegram.called("setWebhook")
    assert len(asked["secret_token"]) >= 32
    assert set(asked["allowed_updates"]) == {"message", "edited_message", "callback_query"}
    assert not asked.get("drop_pending_updates")
    assert telegram.called("getUpdates") == []


async def test_caller_without_the_token_is_refused(
    telegram: FakeTelegram, share: Share, settings: Settings, client: ClientSession
) -> None:
    """Nobody but Telegram is heard, whatever they bring; what is no update is refused too."""
    async with webhook(share, settings, telegram) as given:
        message = telegram.say(text="x")
        await telegram.gone(message)
        forged = {"update_id": 1, "message": message | {"message_id": 9}}
        for secret in (None, "", "wrong", "wröng"):
            status, text = await brought(client, given, forged, secret)
            assert (status, HEADER in text) == (401, True)
        secret = telegram.called("setWebhook")[0]["secret_token"]
        for nothing in NO_UPDATES:
            assert (await brought(client, given, nothing, secret))[0] == 400
        unreadable = {"update_id": 2, "message": {"text": "without a date"}}
        assert (await brought(client, given, unreadable, secret))[0] == 200
    assert len(telegram.sent) == 1


async def test_silent_platform_is_noticed_where_nobody_writes(
    telegram: FakeTelegram, share: Share, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot asks now and then; the metrics tell when Telegram last answered."""
    monkeypatch.setattr("bots.telegram_webhook.LOOK_EVERY", 0.05)

    def contact() -> float:
        name, labels = "onetimeshare_door_contact_timestamp_seconds", {"door": "telegram"}
        return share.metrics.registry.get_sample_value(name, labels) or 0.0

    async with webhook(share, settings, telegram):
        await until(contact)
        first = contact()
        await until(lambda: contact() > first)


async def test_slow_file_holds_up_no_other_chat(
    telegram: FakeTelegram,
    share: Share,
    settings: Settings,
    web: Web,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What takes longer than an answer may is brought again until it is done, and done once."""
    monkeypatch.setattr(telegram_webhook, "HOLD", 0.05)
    gate = telegram.hold("download")
    async with webhook(share, settings, telegram):
        slow = telegram.say(document=telegram.store(b"slow"))
        await until(lambda: telegram.bringer and 503 in telegram.bringer.statuses)
        await telegram.gone(telegram.say(77, text="quick"))
        gate.set()
        await telegram.gone(slow)
        await until(lambda: not telegram.updates)
    assert len(telegram.sent) == 2
    assert len(await web.house.redis.keys("ots:{*}")) == 2


async def test_replicas_handle_an_update_once(
    telegram: FakeTelegram, share: Share, settings: Settings, client: ClientSession
) -> None:
    """An update that one replica is at work on is not taken for handled by another."""
    gate = telegram.hold("download")
    async with (
        webhook(share, settings, telegram) as first,
        webhook(share, settings, telegram) as second,
    ):
        await telegram.bring_nothing()
        secrets = {asked["secret_token"] for asked in telegram.called("setWebhook")}
        [secret] = secrets
        message = telegram.say(document=telegram.store(b"x"))
        [update] = telegram.updates
        working = asyncio.create_task(brought(client, first, update, secret))
        await until(lambda: telegram.called("getFile"))
        assert (await brought(client, second, update, secret))[0] == 503
        gate.set()
        assert (await working)[0] == 200
        assert (await brought(client, second, update, secret))[0] == 200
        await telegram.gone(message)
    assert len(telegram.sent) == 1


async def test_what_a_stop_cuts_short_is_answered_by_polling_later(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """Going back to polling takes the webhook away, and nothing that waited is dropped."""
    gate = telegram.hold("download")
    async with webhook(share, settings, telegram, stop_within=0.05):
        slow = telegram.say(document=telegram.store(b"slow"))
        await until(lambda: telegram.called("getFile"))
    assert telegram.sent == []
    gate.set()
    waits = telegram.say(text="while nobody listened")
    async with door(share, settings, telegram):
        await telegram.gone(slow)
        await telegram.gone(waits)
    assert telegram.webhook == ""
    found = [link for answer in await telegram.answers(2) for link in links(answer)]
    opens = {(await opened(client, web.url, link))[0] for link in found}
    assert opens == {b"slow", b"while nobody listened"}


async def test_worker_that_stops_says_so_and_goes_on_for_a_while(
    telegram: FakeTelegram, share: Share, settings: Settings, client: ClientSession
) -> None:
    """A balancer hears that it is not ready, and what is still brought meanwhile is answered."""
    given = replace(hooked(settings), stop=Stop(delay=1.0))
    url = f"http://127.0.0.1:{given.telegram_webhook_port}/readyz"
    async with door(share, given, telegram) as running:
        await until(lambda: telegram.webhook == given.telegram_webhook_url)
        assert await status(client, url) == 200
        running.cancel()
        while await status(client, url) == 200:
            await asyncio.sleep(0.01)
        await telegram.gone(telegram.say(text="in time"))
        await asyncio.wait([running])
    assert len(telegram.sent) == 1


async def test_storage_that_does_not_answer_is_told(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web
) -> None:
    """Without marks of updates the sender still hears, rather than nothing at all."""
    creations = Faltering(web.house.scripts, share.vault.server_key)
    creations.down = True
    async with webhook(replace(share, creations=creations), settings, telegram):
        telegram.say(text="x")
        await telegram.said("storage does not answer")


@pytest.mark.parametrize(
    ("url", "reason"),
    [("http://example.org/x", "https url"), ("https://example.org:8080/x", "ports 80, 88")],
)
async def test_address_that_telegram_refuses_closes_the_door_with_a_sentence(
    telegram: FakeTelegram, share: Share, settings: Settings, url: str, reason: str
) -> None:
    """Telegram's own reason is told, and what to do."""
    given = replace(named(hooked(settings), telegram), telegram_webhook_url=url)
    with pytest.raises(DoorClosed, match=f"TELEGRAM_WEBHOOK_URL: .*{reason}"):
        await telegram_bot.run(share, given)


async def test_port_that_is_taken_closes_the_door_with_a_sentence(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """Whoever gave the port away is told which setting it is."""
    given = hooked(settings)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", given.telegram_webhook_port))
        taken.listen()
        with pytest.raises(DoorClosed, match="TELEGRAM_WEBHOOK_PORT"):
            await telegram_bot.run(share, named(given, telegram))


async def test_album_is_taken_before_it_is_handled(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """Telegram brings the next part of an album only when the one before was taken."""
    gate = telegram.hold("download")
    async with webhook(share, settings, telegram):
        parts = [
            telegram.say(document=telegram.store(b"part"), media_group_id="7") for _ in range(2)
        ]
        await until(lambda: not telegram.updates)
        assert telegram.sent == []
        gate.set()
        for part in parts:
            await telegram.gone(part)
    assert len(telegram.sent) == 1


async def test_bad_token_closes_the_door_before_it_listens(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """A door that never opened closes as cleanly with a webhook as without."""
    with pytest.raises(DoorClosed, match="TELEGRAM_BOT_TOKEN"):
        await telegram_bot.run(share, named(hooked(settings), telegram, "1234567:" + "x" * 35))
