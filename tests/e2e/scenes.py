"""Every state of every page."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core import errors as e
from tests.admin import PASSWORD
from tests.e2e.scene import (
    BREAKS,
    HANGS,
    KEY,
    QR,
    SINCE,
    TEXT,
    UNTIL,
    Scene,
    asked,
    glance,
    opened,
    refused,
    sent,
    stands,
    told,
)

if TYPE_CHECKING:
    from playwright.async_api import Page


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
            "progress": HANGS,  # its own clock tells
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


def _receipt(name: str, state: str = "", **changes: Any) -> Scene:
    path, shows = f"/receipt/{'i' * 22}#{KEY}", f"section[data-for={state or name}]"
    return replace(Scene(f"receipt-{name}", path, shows), **changes)


async def _want_to_revoke(page: Page) -> None:
    await page.click("#revoke")


RECEIPT = [
    _receipt("checking", answers={"status": HANGS}),
    *(_receipt(state, answers={"status": stands(state)}) for state in ("ready", "claimed")),
    *(_receipt(state, answers={"status": stands(state, SINCE)}) for state in ("expired", "opened")),
    _receipt("revoked", answers={"status": stands("revoked", SINCE)}),
    _receipt("locked", answers={"status": stands("locked")}),
    _receipt("unread", answers={"status": stands("locked", attempts=3)}),
    _receipt("receiving", answers={"status": stands("opened")}),
    _receipt("sure", "ready", answers={"status": stands("ready")}, act=_want_to_revoke),
    _receipt("busy", answers={"status": refused(e.Busy(20))}),
    _receipt("offline", answers={"status": BREAKS}),
    _receipt("cut", path="/receipt/x"),
    _receipt("wrong", answers={"status": refused(e.NotFound())}),
    _receipt("damaged", answers={"status": refused(e.Corrupt())}),
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
                    "receipt": f"https://example.com/receipt/{'i' * 22}#{KEY}",
                    "qr": QR,
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

SCENES = [*REVEAL, *INVITE, *RECEIPT, *OTHERS]
