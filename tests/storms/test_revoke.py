"""The sender's revoke against openings at the same moment: one of the two happened, never both."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from tests.page import Told, until_told
from tests.storms.conftest import SOAK, at_once, text_of, winners

if TYPE_CHECKING:
    from tests.page import Page, Shared
    from tests.storms.conftest import Storm

PAGES = 10
ROUNDS = 550 if SOAK else 66


class Rush:
    """Pages that open, and a sender who revokes at both processes in the middle of it."""

    def __init__(self, shared: Shared, pages: list[Page], urls: tuple[str, str]) -> None:
        self._shared = shared
        self._pages = pages
        self._urls = urls
        self._answers = asyncio.Semaphore(0)

    async def run(self, first: int) -> tuple[list[Told], list[Told]]:
        """Let the sender come after the `first` answers; tell what both sides were told."""
        told = await at_once(
            [
                *(until_told(partial(self._open, page), "taken") for page in self._pages),
                *(self._revoke(url, first) for url in self._urls),
            ]
        )
        return told[: len(self._pages)], told[len(self._pages) :]

    async def _open(self, page: Page) -> Told:
        told = await page.download()
        for _ in self._urls:
            self._answers.release()
        return told

    async def _revoke(self, url: str, first: int) -> Told:
        for _ in range(first):
            await self._answers.acquire()
        return await until_told(lambda: self._shared.revoke(url))


async def test_either_it_was_revoked_or_somebody_received_it(storm: Storm) -> None:
    """Told that it is revoked, nobody received it, ever; told too late, somebody did."""
    outcomes: Counter[str] = Counter()
    for number in range(ROUNDS):
        shared = await storm.share(text_of(number))
        pages = storm.pages(shared, PAGES)
        opening, revoking = await Rush(shared, pages, storm.urls).run(number % (PAGES + 1))
        if {answer.status for answer in revoking} == {204}:
            outcomes["revoked"] += 1
            assert winners(pages) == [], number
            assert {a.more.get("state") for a in opening} == {"revoked"}, (number, opening)
        else:
            outcomes["received"] += 1
            assert {answer.problem for answer in revoking} == {"too-late"}, (number, revoking)
            assert winners(pages) == [text_of(number).encode()], number
            statuses = sorted(answer.status for answer in opening)
            assert statuses == [200, *[410] * (PAGES - 1)], (number, opening)
    assert set(outcomes) == {"revoked", "received"}, outcomes
