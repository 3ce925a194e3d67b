"""The pages in a real browser, as senders and recipients use them."""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from core.link import Claim, Link
from core.secret import Kind
from tests.contents import pieces, received

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, BrowserContext, Page, Route

    from core.secret import Sealed
    from tests.conftest import Web
    from tests.e2e.conftest import Watch


async def sealed(
    web: Web, data: bytes, name: str | None = None, password: str | None = None
) -> Sealed:
    kind = Kind.TEXT if name is None else Kind.FILE
    return await web.house.vault.seal(pieces(data), kind=kind, name=name, password=password)


async def shows(page: Page, state: str) -> None:
    """Wait until the page behind a link is in a state, and no other state is visible."""
    await expect(page.locator(f'section[data-for="{state}"]')).to_be_visible()
    await expect(page.locator("section[data-for]:visible")).to_have_count(1)


async def visit(page: Page, web: Web, link: Link) -> None:
    """Open a link as from another window: a fragment alone would not load the page anew."""
    await page.goto("about:blank")
    await page.goto(link.url(web.url))


async def test_file_is_dropped_copied_opened_and_saved_once(
    page: Page, context: BrowserContext, web: Web, watch: Watch, tmp_path: Path
) -> None:
    """The main job: drop a file, copy the link, open it elsewhere, save it, and find it gone."""
    data = os.urandom(300_000)
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(web.url)
    transfer = await page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "report.pdf"));
            return transfer;
        }""",
        list(data),
    )
    await page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    await expect(page.locator("#chosen")).to_contain_text("report.pdf")
    await page.click("#send")
    await page.click("#copy")
    await expect(page.locator("#copied")).to_be_visible()
    url = await page.evaluate("navigator.clipboard.readText()")
    assert url == await page.input_value("#link")

    other = watch.over(await context.new_page())
    await other.goto(url)
    await shows(other, "ready")
    async with other.expect_download() as downloading:
        await other.click("#open")
    download = await downloading.value
    assert download.suggested_filename == "report.pdf"
    saved = tmp_path / "saved"
    await download.save_as(saved)
    assert saved.read_bytes() == data
    await expect(other.locator('[data-for="saved"] [data-burned]')).to_be_visible()
    assert "#" not in other.url

    again = watch.over(await context.new_page())
    await again.goto(url)
    await shows(again, "opened")


async def test_text_with_password_is_typed_opened_and_shown(
    page: Page, context: BrowserContext, web: Web, watch: Watch
) -> None:
    """A text and a password go in; a wrong password costs an attempt, the right one shows it."""
    await page.goto(web.url)
    await page.fill("#text", "the code is <b>4711</b>")
    await page.fill("#password", "sesame")
    await page.select_option("#expires", "3600s")
    await page.click("#send")
    await expect(page.locator("#result")).to_be_visible()
    other = watch.over(await context.new_page())
    await other.goto(await page.input_value("#link"))
    await shows(other, "ready")
    await other.fill("#password", "wrong")
    await other.click("#open")
    await expect(other.locator("#wrong")).to_be_visible()
    await expect(other.locator("#password-hint")).to_contain_text("4 attempts")
    await other.fill("#password", "sesame")
    await other.click("#open")
    await shows(other, "text")
    assert await other.inner_text("#text") == "the code is <b>4711</b>"
    await other.click("#hide")
    await expect(other.locator("#text")).to_have_class("veiled")


async def test_sender_revokes_on_the_home_page(page: Page, web: Web) -> None:
    """The page that made the link takes it back."""
    await page.goto(web.url)
    await page.fill("#text", "x")
    await page.click("#send")
    await expect(page.locator("#result")).to_be_visible()
    link = Link.parse(await page.input_value("#link"))
    await page.click("#revoke")
    await expect(page.locator("#revoked")).to_be_visible()
    await visit(page, web, link)
    await shows(page, "revoked")


async def test_home_page_complains_before_it_sends(page: Page, web: Web, tmp_path: Path) -> None:
    """Nothing, or too much: a sentence; what was typed stays, and what is too much can go."""
    await page.goto(web.url)
    await page.click("#send")
    await expect(page.locator("#problem")).to_contain_text("Write a text")
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(100_000_001)
    await page.set_input_files("#file", large)
    await expect(page.locator("#problem")).to_contain_text("100 MB")
    await page.fill("#text", "typed")
    await page.click("#send")
    await expect(page.locator("#problem")).to_contain_text("100 MB")
    await page.click("#chosen button")
    await expect(page.locator("#problem")).to_be_hidden()
    assert await page.input_value("#text") == "typed"


async def test_refusal_of_the_server_is_shown_and_nothing_is_lost(page: Page, web: Web) -> None:
    """A refused upload brings the form back with the server's sentence and the typed text."""
    await page.goto(web.url)
    await page.fill("#text", "still here")
    await page.evaluate("document.querySelector('#expires').options[0].value = '9d'")
    await page.select_option("#expires", "9d")
    await page.click("#send")
    await expect(page.locator("#problem")).to_contain_text("lifetime")
    assert await page.input_value("#text") == "still here"


@pytest.mark.parametrize("state", ["opened", "expired", "revoked", "locked", "taken"])
async def test_every_end_is_told_calmly(page: Page, web: Web, state: str) -> None:
    """Whoever holds the key is told why it does not open."""
    secret = await sealed(web, b"x", password="pw" if state == "locked" else None)
    vault, link = web.house.vault, secret.link
    record = f"ots:{{{link.id}}}"
    if state == "opened":
        await received(vault, link.id, link.key, Claim.random())
    elif state == "expired":
        await web.house.redis.hset(record, "expires", 1)
    elif state == "revoked":
        await vault.control.abandon(link.id, b"")
        token = Link.parse(secret.link.url(web.url))
        assert token == link
        await web.house.redis.hset(record, "state", "revoked")
    elif state == "locked":
        await web.house.redis.hset(record, "tries", 5)
    else:
        await vault.open(link.id, link.key, Claim.random())
    await page.goto(link.url(web.url))
    await shows(page, state)


async def test_wrong_or_cut_links_are_told_apart_from_gone(page: Page, web: Web) -> None:
    """A link without its end asks for the whole one; an unknown one says that nothing is here."""
    link = (await sealed(web, b"x")).link
    url = link.url(web.url)
    for cut in (url[:-1], url.partition("#")[0]):
        await page.goto("about:blank")
        await page.goto(cut)
        await shows(page, "cut")
    await visit(page, web, Link(link.id, type(link.key).random()))
    await shows(page, "wrong")
    assert (await web.house.vault.peek(link.id, link.key)).state == "ready"


async def test_password_that_fails_five_times_locks(page: Page, web: Web) -> None:
    """After the fifth wrong password the page says that it is locked and not lost."""
    await visit(page, web, (await sealed(web, b"x", password="right")).link)
    for _ in range(5):
        await shows(page, "ready")
        await page.fill("#password", "wrong")
        await page.click("#open")
        await expect(
            page.locator("#wrong:visible, [data-for=locked]:visible").first
        ).to_be_visible()
    await shows(page, "locked")


async def test_broken_transfer_goes_on_by_itself(page: Page, web: Web, tmp_path: Path) -> None:
    """A transfer that breaks half-way is resumed where it stopped, and the file is whole."""
    data = os.urandom(5_000_000)
    link = (await sealed(web, data, "big.bin")).link
    ranges: list[str | None] = []

    async def breaking(route: Route) -> None:
        ranges.append(route.request.headers.get("range"))
        if len(ranges) > 1:
            await route.continue_()
            return
        answer = await route.fetch()
        body = (await answer.body())[:2_000_000]
        headers = {k: v for k, v in answer.headers.items() if k != "content-length"}
        await route.fulfill(status=200, headers=headers, body=body)

    await page.route("**/data", breaking)
    await visit(page, web, link)
    async with page.expect_download() as downloading:
        await page.click("#open")
    await (await downloading.value).save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == data
    assert ranges == [None, "bytes=2000000-"]


async def breaks_off(page: Page) -> None:
    """Let the first transfer end half-way, and every later one before it begins."""
    tries = 0

    async def breaking(route: Route) -> None:
        nonlocal tries
        tries += 1
        if tries > 1:
            await route.abort()
            return
        answer = await route.fetch()
        headers = {k: v for k, v in answer.headers.items() if k != "content-length"}
        await route.fulfill(status=200, headers=headers, body=(await answer.body())[:50_000])

    await page.route("**/data", breaking)


async def gives_up(page: Page, state: str = "interrupted") -> None:
    """Let the page's own clock run until it no longer goes on by itself."""
    async with asyncio.timeout(20):
        while await page.get_attribute("#ticket", "data-state") != state:
            await page.clock.run_for(500)


async def test_interrupted_page_offers_to_go_on(page: Page, web: Web) -> None:
    """When going on fails for long the page says so, and a press goes on later."""
    link = (await sealed(web, os.urandom(100_000), "a.bin")).link
    await visit(page, web, link)
    await page.clock.install()
    await breaks_off(page)
    await page.click("#open")
    await gives_up(page)
    assert re.fullmatch(r"1\d min( \d+ s)?", await page.inner_text("[data-fill=left]"))
    await page.unroute("**/data")
    async with page.expect_download():
        await page.click("#again")
    await shows(page, "saved")


async def test_interrupted_page_says_when_its_time_is_over(page: Page, web: Web) -> None:
    """The time left counts down, and at its end the page says that it is too late."""
    await visit(page, web, (await sealed(web, os.urandom(100_000), "a.bin")).link)
    await page.clock.install()
    await breaks_off(page)
    await page.click("#open")
    await gives_up(page)
    await page.clock.fast_forward(16 * 60_000)
    await shows(page, "over")


async def test_password_set_after_the_page_opened_is_told(page: Page, web: Web) -> None:
    """A page that opened it before, and fetched nothing, is told to open the link again."""
    owner = b"o" * 32
    sealed_ = await web.house.vault.seal(pieces(b"x"), kind=Kind.FILE, name="a", owner=owner)
    link = sealed_.link
    await visit(page, web, link)

    async def meanwhile(route: Route) -> None:
        await web.house.redis.hset(f"ots:{{{link.id}}}", "lease", 1)
        await web.house.vault.control.rewrap(link.id, link.key, owner, password="new")
        await route.continue_()

    await page.route("**/data", meanwhile)
    await page.click("#open")
    await shows(page, "changed")


async def test_no_connection_is_told_and_tried_again(page: Page, web: Web) -> None:
    """Without the server the page says that nothing is lost, and looks again on a press."""
    await page.route("**/peek", lambda route: route.abort())
    await visit(page, web, (await sealed(web, b"x")).link)
    await shows(page, "offline")
    await page.unroute("**/peek")
    await page.click('[data-for="offline"] [data-again]')
    await shows(page, "ready")


async def test_large_file_is_saved_by_the_browser_itself(
    page: Page, web: Web, tmp_path: Path
) -> None:
    """Above 64 MiB the browser's own download takes the bytes; the person says when it is there."""
    data = os.urandom(1_000_000) * 70
    await visit(page, web, (await sealed(web, data, "large.iso")).link)
    await page.route("**/data", lambda route: route.fulfill(status=204), times=1)
    await page.click("#open")
    await shows(page, "saving-large")
    await page.click("#have-it")  # before there is anything to have
    await expect(page.locator("#not-yet")).to_be_visible()
    async with page.expect_download() as downloading:
        await page.click("#save-large")
    await (await downloading.value).save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == data
    await page.click("#have-it")
    await shows(page, "saved")


async def test_keyboard_alone_shares_and_opens(page: Page, web: Web) -> None:
    """Both sides of the main job work without a pointer."""
    await page.goto(web.url)
    await page.focus("#text")
    await page.keyboard.type("typed")
    for _ in range(7):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "send":
            break
    await page.keyboard.press("Enter")
    await expect(page.locator("#result")).to_be_visible()
    link = Link.parse(await page.input_value("#link"))
    await visit(page, web, link)
    await shows(page, "ready")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.id") == "open"
    await page.keyboard.press("Enter")
    await shows(page, "text")


async def test_without_javascript_both_sides_work(
    browser: Browser, web: Web, watch: Watch, tmp_path: Path
) -> None:
    """With scripts off the forms do the main job."""
    context = await browser.new_context(java_script_enabled=False, accept_downloads=True)
    page = watch.over(await context.new_page())
    await page.goto(web.url)
    await page.fill("#text", "no script")
    await page.click("#send")
    url = await page.input_value("#link")
    await page.goto(url)
    await page.fill("#link-key", url)
    await page.click("noscript button, main form button")
    async with page.expect_download() as downloading:
        await page.click("button.main")
    await (await downloading.value).save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_text() == "no script"
    await visit(page, web, Link.parse(url))
    await page.fill("#link-key", url)
    await page.click("noscript button, main form button")
    await expect(page.locator("h1")).to_have_text("It is gone")
    await context.close()
