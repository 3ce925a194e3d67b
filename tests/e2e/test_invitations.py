"""The page behind an invitation in a real browser, as whoever was asked uses it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from core.invitation import Purpose, Standing, Token
from core.link import Claim, SecretId
from tests.asked import ANN, asked, hand_in, key
from tests.contents import received, until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, BrowserContext, Page, Route

    from core.bootstrap import House
    from core.invitation import Invited
    from tests.conftest import Web
    from tests.e2e.conftest import Watch


async def shows(page: Page, state: str) -> None:
    """Wait until the page is in a state, and no other state is visible."""
    await expect(page.locator(f'section[data-for="{state}"]')).to_be_visible()
    await expect(page.locator("section[data-for]:visible")).to_have_count(1)


async def delivered(house: House, invited: Invited) -> bytes:
    handover = await house.handed.look(invited.id)
    assert handover is not None
    link = handover.handed.link
    return await received(house.vault, link.id, link.key, Claim.random())


async def test_dropped_file_is_handed_over(page: Page, web: Web) -> None:
    """The main job: see who asks, drop a file, hand it over; the page then takes nothing more."""
    invited, data = await asked(web.house, label="Ann <i>Accounts</i>"), os.urandom(300_000)
    await page.goto(invited.url(web.url))
    await shows(page, "ready")
    await expect(page.locator("section:visible h1:visible")).to_have_text(
        "Ann <i>Accounts</i> asks you for something"
    )
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
    await shows(page, "delivered")
    await expect(page.locator("section:visible")).to_contain_text("Delivered to Ann <i>Accounts")
    assert "#" not in page.url
    assert await delivered(web.house, invited) == data
    await page.goto("about:blank")
    await page.goto(invited.url(web.url))
    await shows(page, "used")


async def test_text_is_handed_over_by_keyboard_alone(page: Page, web: Web) -> None:
    """The form works without a pointer, and what it shows is where the focus is."""
    invited = await asked(web.house)
    await page.goto(invited.url(web.url))
    await shows(page, "ready")
    await page.keyboard.press("Tab")
    await page.keyboard.type("the code is 4711")
    for _ in range(4):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "send":
            break
    await page.keyboard.press("Enter")
    await shows(page, "delivered")
    assert await page.evaluate("document.activeElement.tagName") == "H1"
    assert await delivered(web.house, invited) == b"the code is 4711"


async def test_way_for_large_files_asks_for_a_file_alone(
    page: Page, web: Web, tmp_path: Path
) -> None:
    """The upload link shows no text field, refuses nothing and too much, and takes the file."""
    invited = await asked(web.house, purpose=Purpose.UPLOAD)
    await page.goto(invited.url(web.url))
    await shows(page, "ready")
    await expect(page.locator("#text")).to_be_hidden()
    await page.click("#send")
    await expect(page.locator("#problem")).to_have_text("Choose a file.")
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(100_000_001)
    await page.set_input_files("#file", large)
    await expect(page.locator("#problem")).to_contain_text("100 MB")
    small = tmp_path / "small.bin"
    small.write_bytes(b"small")
    await page.set_input_files("#file", small)
    await page.click("#send")
    await shows(page, "delivered")
    assert "on its way into your chat" in await page.inner_text('[data-for="delivered"]')
    assert await delivered(web.house, invited) == b"small"


@pytest.mark.parametrize("state", ["used", "revoked", "expired", "occupied"])
async def test_every_end_is_told_calmly(page: Page, web: Web, state: str) -> None:
    """Whoever holds the link is told why it takes nothing, before they choose anything."""
    invited = await asked(web.house)
    if state == "used":
        await hand_in(web.house, invited)
    elif state == "revoked":
        await web.house.invitations.revoke(invited.id, web.house.vault.owner(ANN))
    elif state == "expired":
        await web.house.redis.hset(key(invited), "expires", 1)
    else:
        await web.house.invitations.take(invited.id, invited.token, SecretId.random())
    await page.goto(invited.url(web.url))
    await shows(page, state)


async def test_wrong_or_cut_links_are_told(page: Page, web: Web) -> None:
    """A link without its end asks for the whole one; an unknown one says that nothing is here."""
    invited = await asked(web.house)
    url = invited.url(web.url)
    for cut in (url[:-1], url.partition("#")[0]):
        await page.goto("about:blank")
        await page.goto(cut)
        await shows(page, "cut")
    await page.goto("about:blank")
    await page.goto(f"{url.partition('#')[0]}#{Token.random().reveal()}")
    await shows(page, "wrong")


async def test_what_was_typed_outlives_a_busy_place(page: Page, web: Web) -> None:
    """Told that another uploads before anything is sent; looking again brings the text back."""
    invited = await asked(web.house)
    await page.goto(invited.url(web.url))
    await page.fill("#text", "still here")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    async with web.house.reception.place(invited.id, invited.token):
        await page.click("#send")
        await shows(page, "occupied")
    assert [url.rpartition("/")[2] for url in sent] == ["peek"]
    await page.click('[data-for="occupied"] [data-again]')
    await shows(page, "ready")
    assert await page.input_value("#text") == "still here"
    await page.click("#send")
    await shows(page, "delivered")


async def test_invitation_that_ends_while_one_types_is_told(page: Page, web: Web) -> None:
    """Revoked between the look and the press: told before a byte is sent."""
    invited = await asked(web.house)
    await page.goto(invited.url(web.url))
    await page.fill("#text", "too late")
    await web.house.invitations.revoke(invited.id, web.house.vault.owner(ANN))
    await page.click("#send")
    await shows(page, "revoked")


async def test_refusal_of_the_server_keeps_what_was_typed(page: Page, web: Web) -> None:
    """A refused upload brings the form back with the server's sentence."""
    invited = await asked(web.house)
    object.__setattr__(web.house.vault.policy, "allowed", ("pdf",))
    await page.goto(invited.url(web.url))
    await page.set_input_files(
        "#file", {"name": "a.exe", "mimeType": "application/x", "buffer": b"x"}
    )
    await page.click("#send")
    await shows(page, "ready")
    await expect(page.locator("#problem")).to_contain_text("Allowed are: pdf")
    await expect(page.locator("#chosen")).to_contain_text("a.exe")


async def test_no_connection_is_told_and_tried_again(page: Page, web: Web) -> None:
    """Without the server the page says so, and a press goes on with what was typed."""
    invited = await asked(web.house)
    await page.goto(invited.url(web.url))
    await page.fill("#text", "patience")
    await page.route("**/peek", lambda route: route.abort())
    await page.click("#send")
    await shows(page, "offline")
    await page.unroute("**/peek")
    await page.click('[data-for="offline"] [data-again]')
    await shows(page, "ready")
    await page.click("#send")
    await shows(page, "delivered")
    assert await delivered(web.house, invited) == b"patience"


async def test_lost_answer_is_not_taken_for_a_failure(page: Page, web: Web) -> None:
    """When the answer to a whole upload is lost, the page says that something arrived."""
    invited = await asked(web.house)

    async def swallow(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.goto(invited.url(web.url))
    await shows(page, "ready")
    await page.route(f"**/r/{invited.id}", swallow)
    await page.fill("#text", "arrived")
    await page.click("#send")
    await shows(page, "used")
    await page.unroute(f"**/r/{invited.id}")
    assert await delivered(web.house, invited) == b"arrived"


async def test_cancel_brings_the_form_back(
    page: Page, context: BrowserContext, web: Web, tmp_path: Path
) -> None:
    """An upload that its person cancels keeps nothing, and may be begun again."""
    invited = await asked(web.house)
    await page.goto(invited.url(web.url))
    await shows(page, "ready")
    session = await context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    await session.send("Network.emulateNetworkConditions", slow)
    file = tmp_path / "large.bin"
    file.write_bytes(os.urandom(20_000_000))
    await page.set_input_files("#file", file)
    await page.click("#send")
    await shows(page, "uploading")
    incoming = web.settings.data_dir / "blobs" / "incoming"
    await until(lambda: any(incoming.iterdir()))
    await page.click("#cancel")
    await shows(page, "ready")
    async with asyncio.timeout(10):
        while (
            await web.house.invitations.inquire(invited.id, invited.token.digest)
        ).standing is not Standing.OPEN:
            await asyncio.sleep(0.01)
    assert not any(incoming.iterdir())


async def test_without_javascript_it_works(
    browser: Browser, web: Web, watch: Watch, tmp_path: Path
) -> None:
    """With scripts off the link is pasted, who asks is shown, and a form takes the file."""
    invited = await asked(web.house)
    context = await browser.new_context(java_script_enabled=False)
    page = watch.over(await context.new_page())
    url = invited.url(web.url)
    await page.goto(url)
    await page.fill("#link-key", url)
    await page.click("button.main:visible")
    await expect(page.locator("h1")).to_have_text("Ann asks you for something")
    file = tmp_path / "a.txt"
    file.write_bytes(b"content")
    await page.set_input_files("#file", file)
    await page.click("button.main")
    await expect(page.locator("h1")).to_have_text("Handed over")
    assert await delivered(web.house, invited) == b"content"
    await context.close()
