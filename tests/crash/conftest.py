"""The stage of a test: its Redis, and a driver whose processes end too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crash.stage import Stage, raised

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.bootstrap import House
    from core.settings import Settings


@pytest.fixture
async def stage(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    """Give a stage whose Redis counts as one that has run for long enough."""
    monkeypatch.setattr("core.sweeper.UPTIME", 0)
    async with raised(house, settings) as stage:
        yield stage
