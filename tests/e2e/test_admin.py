"""The admin's page in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.admin import PASSWORD, with_admin
from tests.e2e.test_pages import sealed

if TYPE_CHECKING:
    from playwright.async_api import Page

    from core.settings import Settings
    from tests.conftest import Web


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give the server an admin."""
    return with_admin(settings)


async def sign_in(page: Page, web: Web, password: str) -> None:
    await page.goto(f"{web.url}/stats")
    await page.fill("#user", "admin")
    await page.fill("#password", password)
    await page.click("button.main")


async def test_admin_watches_burns_and_leaves(page: Page, web: Web) -> None:
    """A wrong password is told; the page refreshes itself, burns on two clicks, and signs out."""
    await page.clock.install()
    await sign_in(page, web, "wrong")
    await expect(page.locator("#wrong")).to_be_visible()
    await sign_in(page, web, PASSWORD)
    await expect(page.locator("#secrets")).to_contain_text("None.")

    link = (await sealed(web, b"x", "a.bin")).link
    await page.clock.run_for(16_000)
    await expect(page.locator("#secrets code")).to_have_text(str(link.id))
    await expect(
        page.locator("#totals tr", has_text="on the web").locator("td").first
    ).to_have_text("1")

    await page.click("#secrets summary")
    await page.clock.run_for(16_000)  # what is about to be used stays
    await page.click("#secrets details button")
    await expect(page.locator("#secrets")).to_contain_text("None.")
    glance = await web.house.vault.peek(link.id, link.key)
    assert glance.state == "revoked"

    await page.click(".top button")
    await expect(page.locator("h1")).to_have_text("Sign in")
    await page.goto(f"{web.url}/stats")
    await expect(page.locator("h1")).to_have_text("Sign in")


async def test_page_whose_session_is_over_asks_to_sign_in(page: Page, web: Web) -> None:
    """The next refresh leads to the form; a server that is away is told on the page."""
    await page.clock.install()
    await sign_in(page, web, PASSWORD)
    await expect(page.locator("#now")).to_be_visible()
    await page.route("**/stats", lambda route: route.abort())
    await page.clock.run_for(16_000)
    await expect(page.locator("#stale")).to_be_visible()
    await page.unroute("**/stats")
    for key in await web.house.redis.keys("ots:session:*"):
        await web.house.redis.delete(key)
    await page.clock.run_for(16_000)
    await expect(page.locator("h1")).to_have_text("Sign in")
