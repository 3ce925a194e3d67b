"""The Telegram door's logs hold no secret, whatever happens."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tests.contents import until
from tests.fakes.telegram import TOKEN
from tests.fakes.telegram_talk import door, links

if TYPE_CHECKING:
    import pytest

    from bots.share import Share
    from core.settings import Settings
    from tests.fakes.telegram import FakeTelegram

CONTENT, NAME = "plain-content", "plain-name"


async def trouble(telegram: FakeTelegram) -> list[str]:
    """Let everything go wrong that can; answer the keys of the links that came out."""
    telegram.drop("getMe", done=False)
    telegram.refuse("setMyCommands", 400, f"Bad Request: {TOKEN}")
    telegram.refuse("getUpdates", 500, f"{TOKEN}")
    telegram.tell({"update_id": 1, "message": {"text": CONTENT}})
    telegram.refuse("sendMessage", 400, f"Bad Request: {CONTENT}")
    telegram.say(1, text=CONTENT)
    await telegram.said("again")
    telegram.drop("sendMessage", done=True)
    telegram.refuse("deleteMessage", 400, f"Bad Request: {CONTENT}")
    telegram.say(2, document=telegram.store(CONTENT.encode(), file_name=NAME), caption=CONTENT)
    await telegram.said("in one zip", "yourself")
    telegram.say(3, document=telegram.store(CONTENT.encode(), cut=3, file_name=NAME))
    await telegram.said("broke off")
    telegram.say(4, document=telegram.store(bytes(20_000_001), file_name=NAME))
    await telegram.said("20 MB")
    await until(lambda: not telegram.updates)
    shown = [telegram.messages[sent["message_id"]] for sent in telegram.sent]
    return [link.key.reveal() for message in shown for link in links(message)]


async def test_nothing_secret_is_logged(
    telegram: FakeTelegram,
    share: Share,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Our lines and the libraries' hold no token, address, content, name or key."""
    with caplog.at_level(logging.DEBUG):
        async with door(share, settings, telegram):
            keys = await trouble(telegram)
    told = caplog.text + "".join(capfd.readouterr())
    assert len(keys) >= 2
    assert "telegram unreachable" in told
    assert "telegram update unreadable" in told
    for secret in (TOKEN, TOKEN.partition(":")[2], telegram.url, CONTENT, NAME, *keys):
        assert secret not in told
