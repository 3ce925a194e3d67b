"""Real parts for every test: an embedded Redis, a vault on it, and what a test wants to hand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bots.share import Share
from core.bootstrap import House, open_vault
from core.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give the defaults, on a data folder of this test's own."""
    return Settings.parse({"DATA_DIR": str(tmp_path / "data")})


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """Open the vault on a Redis of this test's own."""
    async with open_vault(settings) as house:
        yield house


@pytest.fixture
def share(house: House, settings: Settings) -> Share:
    """Give the doors' way into the vault."""
    return Share(house.vault, house.creations, house.vault.policy, settings.public_url)
