"""Many open at once over two web processes: one receives it and knows, and nobody else a byte."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.faults.kinds import SomeDropped
from tests.page import until_told
from tests.storms.conftest import SOAK, at_once, one_won, text_of

if TYPE_CHECKING:
    from tests.storms.conftest import Storm

ROUNDS = 50
PARALLEL = 200
DISTURBED = 50 if SOAK else 10  # with lost replies a round takes longer
SEED = 4711


async def test_of_two_hundred_openings_on_two_processes_one_succeeds(storm: Storm) -> None:
    """In every round exactly one of all pages receives the text; the others learn why not."""
    for number in range(ROUNDS):
        shared = await storm.share(text_of(number))
        pages = storm.pages(shared, PARALLEL)
        told = await at_once(page.download() for page in pages)
        one_won(pages, told, text_of(number), f"round {number}")


@pytest.mark.timeout(900 if SOAK else 120)
async def test_winner_is_told_though_one_in_five_replies_is_lost(storm: Storm) -> None:
    """However often Redis' replies are lost, the page that has the claim gets the text."""
    random = Random(SEED)  # noqa: S311 - the same in every run
    calm, lost = storm.proxy.fault, SomeDropped(1 / 5, random)
    for number in range(DISTURBED):
        storm.proxy.fault = calm
        shared = await storm.share(text_of(number))
        pages = storm.pages(shared, PARALLEL)
        storm.proxy.fault = lost
        told = await at_once(until_told(page.download) for page in pages)
        at = f"seed {SEED}, round {number}, {lost.dropped} replies lost"
        one_won(pages, told, text_of(number), at)
    assert lost.dropped >= DISTURBED, f"seed {SEED}"
