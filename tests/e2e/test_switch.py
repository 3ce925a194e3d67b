"""The switch of languages: it loses nothing, and is gone where it could."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.e2e import tongues
from tests.e2e.test_pages import sealed, shows, visit

if TYPE_CHECKING:
    import pytest
    from playwright.async_api import Page, Route

    from tests.conftest import Web


async def test_another_language_keeps_the_link(
    page: Page, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same page, key and all, remembered; by keyboard none is chosen in passing."""
    monkeypatch.setattr("core.language.catalog", tongues.catalog)
    await visit(page, web, (await sealed(web, b"x")).link)
    await shows(page, "ready")
    url, html, change = page.url, page.locator("html"), page.locator("#languages button")
    await expect(change).to_be_hidden()
    await page.focus("#language")
    await page.keyboard.press("ArrowDown")
    await expect(change).to_be_visible()
    await expect(html).to_have_attribute("lang", "en")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(html).to_have_attribute("lang", "de")
    await page.select_option("#language", "ar")
    await expect(html).to_have_attribute("dir", "rtl")
    await shows(page, "ready")
    assert page.url == url
    await page.goto(f"{web.url}/privacy")
    await expect(html).to_have_attribute("lang", "ar")


async def test_switch_is_away_while_a_reload_would_cost_the_claim(page: Page, web: Web) -> None:
    """It comes back after a wrong password, and goes for good with the opening."""
    await visit(page, web, (await sealed(web, b"x", password="pw")).link)
    await shows(page, "ready")
    switch = page.locator("#languages")
    await expect(switch).to_be_visible()

    async def asked(route: Route) -> None:
        await expect(switch).to_be_hidden()
        await route.continue_()

    await page.route("**/open", asked)
    await page.fill("#password", "wrong")
    await page.click("#open")
    await expect(page.locator("#wrong")).to_be_visible()
    await expect(switch).to_be_visible()
    await page.fill("#password", "pw")
    await page.click("#open")
    await shows(page, "text")
    await expect(switch).to_have_count(0)
