"""The sender's receipt, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from core.errors import WrongPassword
from core.link import Claim
from tests.contents import received
from tests.e2e.test_pages import sealed, shows
from web.receipt import receipt_url

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from core.secret import Sealed
    from tests.conftest import Web
    from tests.e2e.conftest import Watch


def receipt_of(web: Web, secret: Sealed) -> str:
    return receipt_url(web.url, secret.link.id, secret.revoke_token)


async def lock(web: Web, secret: Sealed) -> None:
    """Guess five times, as somebody who has the link could."""
    for _ in range(5):
        try:
            await web.house.vault.open(secret.link.id, secret.link.key, Claim.random(), "wrong")
        except WrongPassword:
            continue


async def test_receipt_follows_what_happens_by_itself(page: Page, web: Web) -> None:
    """Waiting, locked, unlocked by a press, opened: the page shows each without being loaded."""
    secret = await sealed(web, b"x", password="right")
    await page.clock.install()
    await page.goto(receipt_of(web, secret))
    await shows(page, "ready")
    assert "5 attempts" in await page.inner_text("#facts")
    await lock(web, secret)
    await page.clock.run_for(5000)
    await shows(page, "locked")
    await page.click("#unlock")
    await shows(page, "ready")
    await received(
        web.house.vault, secret.link.id, secret.link.key, claim := Claim.random(), "right"
    )
    await page.clock.run_for(5000)
    await shows(page, "receiving")
    await web.house.vault.done(secret.link.id, claim)
    await page.clock.run_for(5000)
    await shows(page, "opened")
    await expect(page.locator("#wishes")).to_be_hidden()


async def test_receipt_revokes_by_keyboard_after_a_question(page: Page, web: Web) -> None:
    """The question begins at No; Yes is one step before it, and the end is told."""
    secret = await sealed(web, b"x")
    await page.goto(receipt_of(web, secret))
    await shows(page, "ready")
    await page.focus("#revoke")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "keep"
    assert (await web.house.vault.peek(secret.link.id, secret.link.key)).state == "ready"
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await shows(page, "revoked")
    assert (await web.house.vault.peek(secret.link.id, secret.link.key)).state == "revoked"


async def test_receipt_says_that_it_comes_too_late(page: Page, web: Web) -> None:
    """Who revokes what was opened a moment ago is told so, and sees how it stands."""
    secret = await sealed(web, b"x")
    await page.goto(receipt_of(web, secret))
    await page.click("#revoke")
    await received(web.house.vault, secret.link.id, secret.link.key, Claim.random())
    await page.click("#destroy")
    await expect(page.locator("#problem")).to_contain_text("Too late")
    await shows(page, "receiving")


async def test_wrong_cut_and_foreign_receipts_are_calm(page: Page, web: Web) -> None:
    """Another token shows nothing; a cut link asks for the whole one; offline goes on by itself."""
    secret, other = await sealed(web, b"x"), await sealed(web, b"y")
    await page.goto(receipt_url(web.url, secret.link.id, other.revoke_token))
    await shows(page, "wrong")
    await page.goto("about:blank")
    await page.goto(receipt_of(web, secret)[:-1])
    await shows(page, "cut")
    await page.goto("about:blank")
    await page.clock.install()
    await page.route("**/status", lambda route: route.abort())
    await page.goto(receipt_of(web, secret))
    await shows(page, "offline")
    await page.unroute("**/status")
    await page.clock.run_for(11_000)
    await shows(page, "ready")


async def test_receipt_works_without_javascript(browser: Browser, web: Web, watch: Watch) -> None:
    """The pasted link shows how it stands, unlocks and revokes."""
    secret = await sealed(web, b"x", password="right")
    await lock(web, secret)
    context = await browser.new_context(java_script_enabled=False)
    page = watch.over(await context.new_page())
    await page.goto(receipt_of(web, secret))
    await page.fill("#link-key", receipt_of(web, secret))
    await page.click("main button")
    for heading, press in (("Locked", "unlock"), ("Waiting", "revoke")):
        await expect(page.locator("h1")).to_have_text(heading)
        await page.click(f"button[value={press}]")
    await expect(page.locator("h1")).to_have_text("Revoked")
    await context.close()
