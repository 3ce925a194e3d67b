"""Every state of every page, each brought about by the page itself from answers that are given.

The answers are the server's own (`web.problems` writes the refusals); what brings them about for
real is tested in the other files here. A scene is played in a moment, so all can be looked at.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from core import errors as e
from tests.admin import PASSWORD
from web.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Page, Route

KEY = "k" * 43
UNTIL = "2099-01-01T00:00:00Z"
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


async def _nothing(_page: Page) -> None: ...


async def _press(page: Page) -> None:
    await page.click("#open")


async def _guess(page: Page) -> None:
    await page.fill("#password", "x")
    await _press(page)


async def _press_for_long(page: Page) -> None:
    await page.clock.install()
    await _press(page)
    await page.wait_for_selector("#ticket[data-state=saving]")
    async with asyncio.timeout(20):
        while await page.get_attribute("#ticket", "data-state") == "saving":
            await page.clock.run_for(2000)


async def _press_for_too_long(page: Page) -> None:
    await _press_for_long(page)
    await page.clock.fast_forward(20 * 60_000)


async def _veil(page: Page) -> None:
    await _press(page)
    await page.click("#hide")


async def _send_nothing(page: Page) -> None:
    await page.click("#send")


async def _send_text(page: Page) -> None:
    await page.fill("#text", "x")
    await page.click("#send")


async def _sign_in(page: Page, password: str = PASSWORD) -> None:
    await page.fill("#user", "admin")
    await page.fill("#password", password)
    await page.click("main button")


async def _sign_in_wrong(page: Page) -> None:
    await _sign_in(page, "wrong")


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


def _revealed(name: str, state: str = "", **changes: Any) -> Scene:
    path, shows = f"/s/{'i' * 22}#{KEY}", f"section[data-for={state or name}]"
    return replace(Scene(f"reveal-{name}", path, shows), **changes)


READY = {"peek": glance()}
OPENED = {**READY, "open": opened(), "done": sent(status=204)}
REVEAL = [
    _revealed("checking", answers={"peek": HANGS}),
    _revealed("ready", answers=READY),
    _revealed("password", "ready", answers={"peek": glance(protected=True)}),
    _revealed(
        "wrong-password",
        "ready",
        answers={"peek": glance(protected=True), "open": refused(e.WrongPassword(2))},
        act=_guess,
    ),
    _revealed("opening", answers={**READY, "open": HANGS}, act=_press),
    _revealed("saving", answers={**OPENED, "data": HANGS}, act=_press),
    _revealed(
        "saving-large",
        answers={
            **READY,
            "open": opened(size=900_000_000),
            "data": sent(status=204),
            "progress": told(state="opened", sent=400_000_000, complete=False, seconds_left=900),
        },
        act=_press,
    ),
    _revealed(
        "text",
        answers={**OPENED, "open": opened("text"), "data": sent(TEXT.encode())},
        act=_press,
    ),
    _revealed(
        "veiled",
        "text",
        answers={**OPENED, "open": opened("text"), "data": sent(TEXT.encode())},
        act=_veil,
    ),
    _revealed("saved", answers={**OPENED, "data": sent(TEXT.encode())}, act=_press),
    _revealed(
        "interrupted",
        answers={
            **READY,
            "open": opened(size=5_000_000),
            "data": sent(bytes(1_000_000)),
            "progress": told(state="opened", sent=1_000_000, complete=False, seconds_left=800),
        },
        act=_press_for_long,
    ),
    _revealed(
        "over",
        answers={
            **READY,
            "open": opened(size=5_000_000),
            "data": sent(bytes(1_000_000)),
            "progress": told(state="opened", sent=1_000_000, complete=False, seconds_left=800),
        },
        act=_press_for_too_long,
    ),
    _revealed(
        "stalled",
        answers={**OPENED, "data": BREAKS, "progress": told(state="claimed")},
        act=_press_for_long,
    ),
    *(_revealed(state, answers={"peek": glance(state)}) for state in ("opened", "expired")),
    *(_revealed(state, answers={"peek": glance(state)}) for state in ("revoked", "locked")),
    _revealed("taken", answers={"peek": glance("claimed")}),
    _revealed("changed", answers={**OPENED, "data": refused(e.Changed())}, act=_press),
    _revealed("busy", answers={"peek": refused(e.Busy(20))}),
    _revealed("offline", answers={"peek": BREAKS}),
    _revealed("cut", path="/s/x"),
    _revealed("wrong", answers={"peek": refused(e.NotFound())}),
    _revealed("damaged", answers={"peek": refused(e.Corrupt())}),
]


def _invited(name: str, state: str = "", **changes: Any) -> Scene:
    path, shows = f"/r/{'i' * 22}#{KEY}", f"section[data-for={state or name}]"
    return replace(Scene(f"invite-{name}", path, shows), **changes)


ASKED = {"peek": asked()}
INVITE = [
    _invited("checking", answers={"peek": HANGS}),
    _invited("ready", answers=ASKED),
    _invited("ready-upload", "ready", answers={"peek": asked(purpose="upload")}),
    _invited("complaint", "ready", answers=ASKED, act=_send_nothing),
    _invited("uploading", answers={**ASKED, "i" * 22: HANGS}, act=_send_text),
    _invited(
        "delivered",
        answers={**ASKED, "i" * 22: {"status": 201, "json": {"handed_to": "Ann"}}},
        act=_send_text,
    ),
    *(_invited(state, answers={"peek": asked(state)}) for state in ("used", "revoked")),
    *(_invited(state, answers={"peek": asked(state)}) for state in ("expired", "occupied")),
    _invited("busy", answers={"peek": refused(e.Busy(20))}),
    _invited("offline", answers={"peek": BREAKS}),
    _invited("cut", path="/r/x"),
    _invited("wrong", answers={"peek": refused(e.NotFound())}),
    _invited("damaged", answers={"peek": refused(e.Corrupt())}),
]

OTHERS = [
    Scene("home", "/", "#send"),
    Scene("home-complaint", "/", "#problem", act=_send_nothing),
    Scene("home-sending", "/", "#sending", {"upload": HANGS}, _send_text),
    Scene(
        "home-result",
        "/",
        "#result",
        {
            "upload": {
                "status": 201,
                "json": {
                    "id": "i" * 22,
                    "link": f"https://example.com/s/{'i' * 22}#{KEY}",
                    "expires_at": UNTIL,
                    "revoke_token": "r" * 43,
                },
            }
        },
        _send_text,
    ),
    Scene("privacy", "/privacy", "h1"),
    Scene("error", "/no/such/page", "h1"),
    Scene("docs", "/docs", "h1"),
    Scene("login", "/auth/login", "h1"),
    Scene("login-wrong", "/auth/login", "#wrong", act=_sign_in_wrong),
    Scene("stats", "/auth/login", "#now", act=_sign_in),
]

SCENES = [*REVEAL, *INVITE, *OTHERS]
