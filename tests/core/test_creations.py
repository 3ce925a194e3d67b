"""One event becomes one secret, whatever order its marks arrive in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import Duplicate
from core.scripts import Scripts

if TYPE_CHECKING:
    from core.bootstrap import House


@pytest.mark.parametrize("end", ["answered", "failed"])
async def test_end_of_a_try_is_not_overtaken_by_its_last_sign_of_life(
    house: House, end: str
) -> None:
    """A "working" that arrives after the end does not reopen the event, nor block it."""
    run, mark = Scripts(house.redis), house.creations.mark("door", "event")
    first, second = b"1" * 16, b"2" * 16
    await run("begin", mark, first, 30_000, 60_000)
    assert await run("keep", mark, first, end, 0) == 1
    assert await run("keep", mark, first, "working", 0) == 0
    told = await run("begin", mark, second, 30_000, 60_000)
    assert told == ([b"answered"] if end == "answered" else [b"ours", first])


async def test_answered_event_is_a_duplicate(house: House) -> None:
    """An event whose block ended well is handled once, for good."""
    async with house.creations.once("door", "event"):
        pass
    with pytest.raises(Duplicate):
        async with house.creations.once("door", "event"):
            pass
