"""A real browser, and what it must never do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

    from tests.conftest import Web

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
EXPECTED = "Failed to load resource"  # the browser's own line for any answer of 400 and more


@dataclass
class Watch:
    """Collects what a page did that no page of ours may do."""

    origin: str
    wrong: list[str] = field(default_factory=list)

    def over(self, page: Page) -> Page:
        """Watch a page."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("request", self._asked)
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            self.wrong.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.origin, f"blob:{self.origin}")):
            self.wrong.append(f"foreign request: {request.url}")
        if "#" not in request.url and len(request.url.rpartition("/")[2]) == 43:
            self.wrong.append("a key in a request's address")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Start Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium here; .ci/run installs Debian's")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def watch(web: Web) -> Iterator[Watch]:
    """Fail the test in the end if a page did what it must not."""
    watch = Watch(web.url)
    yield watch
    assert watch.wrong == []


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Open a window of its own."""
    context = await browser.new_context(
        accept_downloads=True, viewport={"width": 1280, "height": 800}
    )
    context.set_default_timeout(15_000)
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext, watch: Watch) -> Page:
    """Open a watched page."""
    return watch.over(await context.new_page())
