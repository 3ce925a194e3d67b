"""Python looks seldom for cycles, and still at all that comes after the start."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, NoReturn

import onetimeshare
from bots import telegram_bot
from core.errors import DoorClosed

if TYPE_CHECKING:
    import pytest

    from core.bootstrap import House
    from core.settings import Settings


async def test_door_that_is_opened_again_freezes_nothing(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests run by then: what they leave in cycles, bytes of secrets too, has to go."""

    async def refused(*_: object) -> NoReturn:
        raise DoorClosed("again and again")

    monkeypatch.setattr(telegram_bot, "run", refused)
    before = gc.get_freeze_count()
    await onetimeshare._keep_open("telegram", house, settings)
    assert gc.get_freeze_count() == before
