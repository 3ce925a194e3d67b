"""Readiness is told in time, whatever hangs, and a crowd that asks costs one look."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.readiness import Readiness

if TYPE_CHECKING:
    import pytest

    from core.bootstrap import House


class Hanging:
    """A blob store that never answers: all of it that is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def check(self) -> None:
        self.asked += 1
        await asyncio.Event().wait()

    async def free(self) -> int:
        return await asyncio.Future()


async def test_hanging_store_is_told_in_time_and_asked_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis is told as it is beside it, and whoever asks meanwhile gets the same answer."""
    monkeypatch.setattr("core.readiness.PATIENCE", 0.5)
    blobs = Hanging()
    readiness = Readiness(house.redis, blobs, blobs.free, 0)  # type: ignore[arg-type]  # all that it asks
    async with asyncio.timeout(5):
        first, *others = await asyncio.gather(*(readiness.look() for _ in range(50)))
    assert (first.redis, first.blobs, first.room, bool(first)) == (True, False, False, False)
    assert set(others) == {first}
    assert blobs.asked == 1
