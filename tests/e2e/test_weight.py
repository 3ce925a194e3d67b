"""What a browser loads for the pages that people are sent links to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page, Request

    from tests.conftest import Web

MOST = 40_000  # bytes
FILES = 6  # the page, its style, three scripts and the icon


@pytest.mark.parametrize("path", ["/s/x", "/r/x"])
async def test_page_behind_a_link_is_light(page: Page, web: Web, path: str) -> None:
    """All that is transferred for it, heads included, is under 40 KB."""
    loaded: list[Request] = []
    page.on("requestfinished", lambda request: loaded.append(request))  # noqa: PLW0108 - a function is asked for
    await page.goto(f"{web.url}{path}", wait_until="networkidle")
    sizes = [await request.sizes() for request in loaded]
    assert len(sizes) >= FILES
    assert sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes) < MOST
