"""A platform each, and a bot that speaks with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bots.requests import Requests
from tests.fakes import discord_talk
from tests.fakes.discord import FakeDiscord, fake_discord
from tests.fakes.telegram import FakeTelegram, fake_telegram
from tests.fakes.telegram_talk import door

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web


@pytest.fixture
def requests(share: Share) -> Requests:
    """Give what people ask a door for."""
    return Requests(share)


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


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[FakeDiscord]:
    """Run the platform."""
    async with fake_discord(tmp_path) as fake:
        yield fake


@pytest.fixture
async def talk(
    discord: FakeDiscord, share: Share, settings: Settings, web: Web
) -> AsyncIterator[FakeDiscord]:
    """Run the Discord bot and the web server where its links lead."""
    async with discord_talk.door(share, settings, discord):
        yield discord
