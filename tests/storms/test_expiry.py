"""The last moment of a secret in the middle of a rush: one receives it, or all are too late."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from core.record import record_key
from tests.page import Page, Told, until_told
from tests.storms.conftest import SOAK, at_once, text_of, winners

if TYPE_CHECKING:
    from tests.page import Shared
    from tests.storms.conftest import Storm

PAGES = 40
ROUNDS = 500 if SOAK else 60
SEED = 815


async def expire(storm: Storm, shared: Shared, milliseconds: int) -> None:
    """Let it expire that many milliseconds from now, by Redis' clock."""
    seconds, microseconds = await storm.redis.time()
    moment = seconds * 1000 + microseconds // 1000 + milliseconds
    await storm.redis.hset(record_key(shared.id), "expires", str(moment))


async def received(page: Page) -> Told:
    """Open, then fetch, as a page does."""
    opened = await until_told(page.open, "taken")
    return await until_told(page.data) if opened.status == 200 else opened


async def test_one_receives_it_or_all_are_told_that_it_expired(storm: Storm) -> None:
    """Whatever the moment within the rush, nobody gets another answer, and never do two.

    How long a rush takes is the machine's: the moments are drawn from where it is just decided.
    """
    random = Random(SEED)  # noqa: S311 - the same in every run
    outcomes: Counter[str] = Counter()
    reach = 12.0  # ms
    for number in range(ROUNDS):
        shared = await storm.share(text_of(number))
        pages = storm.pages(shared, PAGES)
        left = random.randint(-2, round(reach))
        at = f"seed {SEED}, round {number}, {left} ms left"
        await expire(storm, shared, left)
        told = await at_once(received(page) for page in pages)
        states = {answer.more.get("state") for answer in told if answer.status != 200}
        if winners(pages):
            outcomes["received"] += 1
            reach = max(4.0, reach / 1.2)
            assert winners(pages) == [text_of(number).encode()], at
            assert sorted(answer.status for answer in told) == [200, *[410] * (PAGES - 1)], at
            assert states == {"opened"}, at
        else:
            outcomes["expired"] += 1
            reach *= 1.2
            assert {answer.status for answer in told} == {410}, at
            assert states == {"expired"}, at
    assert set(outcomes) == {"received", "expired"}, outcomes


async def test_claim_from_before_the_last_moment_may_finish(storm: Storm) -> None:
    """Whoever claimed in time receives it after the last moment, and nobody beside them."""
    shared = await storm.share("in time")
    first, *others = storm.pages(shared, PAGES)
    assert (await first.open()).status == 200
    await expire(storm, shared, 0)
    rush = asyncio.gather(*(received(page) for page in others))
    assert (await first.data()).status == 200
    assert first.received == b"in time"
    assert {answer.more.get("state") for answer in await rush} == {"opened"}
    assert winners(others) == []
