"""Every state of every page, as people see it; `make audit` goes through all sizes and lights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.admin import with_admin
from tests.asked import asked
from tests.e2e import tongues
from tests.e2e.look import DESKTOP, NARROW, PHONE, Look, barriers, contrasts
from tests.e2e.scenes import INVITE, OTHERS, RECEIPT, REVEAL
from tests.e2e.test_pages import sealed

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from core.settings import Settings
    from tests.conftest import Web
    from tests.e2e.conftest import Watch
    from tests.e2e.scene import Scene


HTML = "text/html; charset=utf-8"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give the server an admin, whose pages are looked at too."""
    return with_admin(settings)


@pytest.mark.parametrize("scenes", [REVEAL, [*INVITE, *RECEIPT, *OTHERS]], ids=["reveal", "rest"])
async def test_no_state_of_any_page_shuts_anybody_out(
    browser: Browser,
    web: Web,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    scenes: list[Scene],
) -> None:
    """No barrier by axe's rules, nothing cut off or scrolling sideways, all in long words."""
    monkeypatch.setattr("core.language.catalog", tongues.catalog)
    context = await browser.new_context(locale="de")
    page, wrong = watch.over(await context.new_page()), []
    await sealed(web, b"x", "a.bin")  # for the admin's list
    for scene in scenes:
        await scene.play(page, web.url)
        wrong += await Look("desktop-dark-long", DESKTOP, "dark").faults(page, scene.name)
        wrong += await barriers(page, scene.name)
        wrong += await Look("phone-light-long", PHONE, "light").faults(page, scene.name)
        wrong += await contrasts(page, scene.name)
    await context.close()
    assert not wrong, "\n".join(wrong)


async def test_every_state_is_mirrored_from_right_to_left(
    browser: Browser, web: Web, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ticket is mirrored, links and code are not, and the narrowest phone has room."""
    monkeypatch.setattr("core.language.catalog", tongues.catalog)
    context = await browser.new_context(locale="ar")
    page, wrong = watch.over(await context.new_page()), []
    await sealed(web, b"x", "a.bin")  # for the admin's list
    for scene in [*REVEAL, *OTHERS]:
        await scene.play(page, web.url)
        for look in (Look("narrow-rtl", NARROW, "dark"), Look("desktop-rtl", DESKTOP, "dark")):
            wrong += await look.faults(page, scene.name, keep=False)
    await context.close()
    assert not wrong, "\n".join(wrong)


async def test_pages_without_scripts_are_of_the_family(
    browser: Browser, web: Web, watch: Watch
) -> None:
    """Every page that somebody meets with scripts off: no barrier, nothing cut off."""
    context = await browser.new_context(java_script_enabled=False, accept_downloads=True)
    page, wrong = watch.over(await context.new_page()), []
    look, twin = Look("phone-dark-plain", PHONE, "dark"), await browser.new_page()

    async def see(name: str) -> None:
        wrong.extend(await look.faults(page, name))
        html = _as_shown(await page.content())
        await twin.route("**/twin", lambda route: route.fulfill(body=html, content_type=HTML))
        await twin.goto(f"{web.url}/twin")
        wrong.extend(await barriers(twin, name))

    link = (await sealed(web, b"x", password="pw")).link.url(web.url)
    await page.goto(link)
    await see("reveal")
    await page.fill("#link-key", link)
    await page.fill("#plain-password", "wrong")
    await page.click("noscript button, main form button")
    await see("wrong-password")
    await page.go_back()
    await page.fill("#link-key", link)
    await page.fill("#plain-password", "pw")
    await page.click("noscript button, main form button")
    await see("save")
    async with page.expect_download():
        await page.click("button.main")
    await page.click("form[action$=done] button")
    await see("destroyed")
    url = (await asked(web.house)).url(web.url)
    await page.goto(url)
    await see("invite")
    await page.fill("#link-key", url)
    await page.click("button.main:visible")
    await see("hand-in")
    await page.fill("#text", "x")
    await page.click("button.main")
    await see("handed")
    await page.goto(web.url)
    await see("home")
    await page.fill("#text", "x")
    await page.click("#send")
    await see("link")
    await twin.close()
    await context.close()
    assert not wrong, "\n".join(wrong)


async def test_no_state_is_forgotten(page: Page, web: Web) -> None:
    """The scenes know every state that a page has."""
    for path, scenes in (("/s/x", REVEAL), ("/r/x", INVITE), ("/receipt/x", RECEIPT)):
        await page.goto(web.url + path)
        states = await page.locator("section[data-for]").evaluate_all(
            "sections => sections.map(section => `section[data-for=${section.dataset.for}]`)"
        )
        assert {scene.shows for scene in scenes} == set(states)


def _as_shown(page: str) -> str:
    """Make it the same for a browser with scripts, where axe runs."""
    unscripted = re.sub(r"<script.*?</script>|<section[^>]*scripted.*?</section>", "", page)
    return unscripted.replace("noscript>", "div>")
