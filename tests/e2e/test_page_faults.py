"""What the page behind a link makes of answers that are lost, late or somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from core.link import Claim
from tests.contents import received
from tests.e2e.test_pages import gives_up, sealed, shows, visit

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

    from tests.conftest import Web


async def test_answer_to_open_that_was_lost_locks_nobody_out(page: Page, web: Web) -> None:
    """The page may open again what it claimed itself; it does not take itself for another."""
    await visit(page, web, (await sealed(web, b"content", "a.bin")).link)

    async def losing(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/open", losing)
    await page.click("#open")
    await shows(page, "offline")
    await page.unroute("**/open")
    await page.click('[data-for="offline"] [data-again]')
    await shows(page, "ready")
    async with page.expect_download():
        await page.click("#open")
    await shows(page, "saved")


@pytest.mark.parametrize("lapsed", [False, True])
async def test_transfer_that_never_began_loses_nothing(page: Page, web: Web, lapsed: bool) -> None:
    """Before a byte came nothing runs out: the page says so, and goes on even after its lease."""
    link = (await sealed(web, b"content", "a.bin")).link
    await visit(page, web, link)
    await page.clock.install()
    await page.route("**/data", lambda route: route.abort())
    await page.click("#open")
    await shows(page, "saving")
    if lapsed:
        await web.house.redis.hset(f"ots:{{{link.id}}}", "lease", 1)
    await gives_up(page, "stalled")
    await page.clock.fast_forward(16 * 60_000)
    await shows(page, "stalled")
    await page.unroute("**/data")
    async with page.expect_download():
        await page.click('[data-for="stalled"] [data-again]')
    await shows(page, "saved")


@pytest.mark.parametrize("action", ["data", "done"])
async def test_proxy_that_speaks_for_a_restarting_server_is_outlasted(
    page: Page, web: Web, action: str
) -> None:
    """A bad gateway for a moment costs neither the transfer nor its confirmation."""
    await visit(page, web, (await sealed(web, b"content", "a.bin")).link)
    await page.route(f"**/{action}", lambda route: route.fulfill(status=502, body="-"), times=1)
    async with page.expect_download():
        await page.click("#open")
    await shows(page, "saved")
    await expect(page.locator("[data-for=saved] [data-burned]")).to_be_visible()


async def test_page_that_another_overtook_says_that_it_was_opened(page: Page, web: Web) -> None:
    """A page whose claim ran out before it fetched anything does not speak of its own transfer."""
    link = (await sealed(web, b"content", "a.bin")).link
    await visit(page, web, link)

    async def meanwhile(route: Route) -> None:
        await web.house.redis.hset(f"ots:{{{link.id}}}", "lease", 1)
        await received(web.house.vault, link.id, link.key, Claim.random())
        await route.continue_()

    await page.route("**/data", meanwhile)
    await page.click("#open")
    await shows(page, "opened")
