"""One event becomes one secret, whatever order its marks arrive in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from core.creations import Creations
from core.errors import Duplicate

if TYPE_CHECKING:
    from core.bootstrap import House


@pytest.mark.parametrize("end", ["answered", "failed"])
async def test_end_of_a_try_is_not_overtaken_by_its_last_sign_of_life(
    house: House, end: str
) -> None:
    """A "working" that arrives after the end does not reopen the event, nor block it."""
    run, mark = house.scripts, house.creations.mark("door", "event")
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


async def test_part_of_an_answered_whole_is_a_duplicate_and_a_late_one_is_not(house: House) -> None:
    """What was answered with a whole is over, also by itself; what came after it is not."""
    once = house.creations.once
    async with once("door", "album", ["one", "two"]):
        assert not await house.creations.answered("door", "one")
    for part in ("one", "two"):
        assert await house.creations.answered("door", part)
        with pytest.raises(Duplicate):
            async with once("door", part):
                pass
    assert not await house.creations.answered("door", "three")
    async with once("door", "three"):
        pass


async def test_part_waits_for_a_whole_whose_process_is_gone(house: House) -> None:
    """A try that died with its whole blocks the part while it may live, and not for good."""
    creations = Creations(house.scripts, house.vault.server_key, lease=0.2)
    began = time.monotonic()
    creation = await creations._begin(creations.mark("door", "album"))
    await creations._cover(creation, [creations.mark("door", "one")])
    async with creations.once("door", "one"):
        assert time.monotonic() - began >= 0.2


async def test_part_of_a_whole_at_work_is_a_duplicate(house: House) -> None:
    """Somebody alive is sharing it as a part: it is not shared by itself beside that."""
    creations = Creations(house.scripts, house.vault.server_key, lease=0.2)
    async with creations.once("door", "album", ["one"]):
        with pytest.raises(Duplicate):
            async with creations.once("door", "one"):
                pass


async def test_whole_that_failed_frees_its_parts(house: House) -> None:
    """Its parts may be handled apart, or as another whole."""
    with pytest.raises(RuntimeError):
        async with house.creations.once("door", "album", ["one", "two"]):
            raise RuntimeError
    async with house.creations.once("door", "one"):
        pass
    async with house.creations.once("door", "album", ["two"]):
        pass
