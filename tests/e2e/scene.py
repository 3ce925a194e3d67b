"""A state of a page, brought about by the page itself from answers that are given.

The answers are the server's own (`web.problems` writes the refusals); what brings them about for
real is tested in the other files here. A scene is played in a moment, so all can be looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from web.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page, Route

    from core import errors as e

KEY = "k" * 43
UNTIL = "2099-01-01T00:00:00Z"
SINCE = "2026-11-24T12:00:00Z"
QR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h7v7h-7z"/></svg>'
NAME = "Quarterly-figures_of_a_very_long_name-2026-11-24-final(2).pdf"
TEXT = "postgres://reader:correct-horse-battery-staple@db.internal.example:5432/figures\n4711\n"

Answer = dict[str, Any] | None | str  # what `Route.fulfill` takes; None never comes, "" breaks off
HANGS, BREAKS = None, ""


def told(**fields: Any) -> Answer:
    return {"json": fields}


def sent(data: bytes = b"", status: int = 200) -> Answer:
    return {"status": status, "body": data}


def refused(error: e.OneTimeShareError) -> Answer:
    problem = problem_of(error)
    return {"status": problem.status, "json": problem.json()}


def glance(state: str = "ready", *, protected: bool = False) -> Answer:
    size = {"attempts_left": 3, "size": 4_200_000}
    return told(state=state, protected=protected, expires_at=UNTIL, **size)


def opened(kind: str = "file", size: int = len(TEXT)) -> Answer:
    return told(name=NAME, type="application/pdf", size=size, kind=kind, ticket="t")


def asked(state: str = "open", purpose: str = "request") -> Answer:
    label = "Anneliese Quartermaine-Featherstonehaugh (Accounts)"
    more = {"label": label, "purpose": purpose, "retry_after": 90, "max_size": 100_000_000}
    return told(state=state, expires_at=UNTIL, **more)


def stands(state: str, ended: str | None = None, attempts: int = 0) -> Answer:
    left = {"attempts_left": attempts, "unlocks_left": 2, "size": 4_200_000, "protected": True}
    return told(state=state, created_at=SINCE, expires_at=UNTIL, ended_at=ended, **left)


async def _nothing(_page: Page) -> None: ...


@dataclass(frozen=True)
class Scene:
    """One state of one page.

    Attributes:
        name: of its screenshot.
        path: where it begins.
        shows: a selector of what must be visible when it is reached.
        answers: what each call gets, by the last part of its path.
        act: what the person does.
    """

    name: str
    path: str
    shows: str
    answers: dict[str, Answer] = field(default_factory=dict)
    act: Callable[[Page], Awaitable[None]] = _nothing

    async def play(self, page: Page, url: str) -> None:
        """Bring the page into the state."""
        await page.goto("about:blank")
        await page.unroute_all(behavior="ignoreErrors")
        for action, answer in self.answers.items():
            await page.route(re.compile(rf"/{action}$"), _answering(answer))
        await page.goto(url + self.path)
        await self.act(page)
        await page.wait_for_selector(self.shows)


def _answering(answer: Answer) -> Callable[[Route], Awaitable[None]]:
    async def answering(route: Route) -> None:
        if route.request.method == "GET":
            await route.fallback()
        elif isinstance(answer, dict):
            await route.fulfill(**answer)
        elif answer == BREAKS:
            await route.abort()

    return answering
