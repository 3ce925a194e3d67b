"""A Telegram and a bot that speaks with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.telegram import FakeTelegram, fake_telegram
from tests.fakes.telegram_talk import door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """Run the platform."""
    async with fake_telegram() as fake:
        yield fake


@pytest.fixture
async def bot(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web
) -> AsyncIterator[FakeTelegram]:
    """Run the bot and the web server where its links lead."""
    async with door(share, settings, telegram):
        yield telegram
