"""What senders do on the home page beside the main job: several files, paste, password, QR."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
import segno
from playwright.async_api import expect

from core.link import Claim, Link
from tests.contents import received
from tests.e2e.test_pages import sealed, visit

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, BrowserContext, FilePayload, Page

    from tests.conftest import Web
    from tests.e2e.conftest import Watch

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR42mP4nyUMRwzEcQB4khfB7kQd"
    "8QAAAABJRU5ErkJggg=="
)  # 4 by 4 orange pixels


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": data}


@pytest.mark.parametrize("script", [True, False])
async def test_several_files_and_a_text_arrive_in_one_zip(
    browser: Browser, web: Web, watch: Watch, tmp_path: Path, script: bool
) -> None:
    """What is chosen together opens together, under its names, with or without JavaScript."""
    bodies = {"large.bin": os.urandom(300_000), "small.txt": b"small"}
    context = await browser.new_context(java_script_enabled=script)
    page = watch.over(await context.new_page())
    await page.goto(web.url)
    await page.set_input_files("#file", [payload(*one) for one in bodies.items()])
    await page.fill("#text", "what it is")
    if script:
        await expect(page.locator("#packed")).to_contain_text("message.txt")
    await page.click("#send")
    await expect(page.locator("#link")).to_have_value(re.compile("#"))
    link = Link.parse(await page.input_value("#link"))
    saved = tmp_path / "files.zip"
    saved.write_bytes(await received(web.house.vault, link.id, link.key, Claim.random()))
    with ZipFile(saved) as read:
        found = {info.filename: read.read(info) for info in read.infolist()}
    assert found == {"message.txt": b"what it is", **bodies}
    await context.close()


async def test_pasted_picture_is_named_sent_and_looked_at(
    page: Page, context: BrowserContext, web: Web, watch: Watch
) -> None:
    """A picture from the clipboard gets a name that tells when; its recipient may look at it."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(web.url)
    await page.evaluate(
        """async (bytes) => {
            const picture = new Blob([new Uint8Array(bytes)], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
        }""",
        list(PNG),
    )
    await page.keyboard.press("Control+V")
    name = re.compile(r"image-20\d\d-\d\d-\d\d-\d{6}\.png")
    await expect(page.locator("#chosen")).to_contain_text(name)
    await page.click("#send")
    await expect(page.locator("#result")).to_be_visible()
    other = watch.over(await context.new_page())
    await other.goto(await page.input_value("#link"))
    async with other.expect_download() as downloading:
        await other.click("#open")
    assert name.fullmatch((await downloading.value).suggested_filename)
    await expect(other.locator("#preview")).to_be_hidden()
    await other.click("#look")
    await other.wait_for_function("document.querySelector('#preview').naturalWidth === 4")


async def test_only_what_is_a_picture_may_be_looked_at(page: Page, web: Web) -> None:
    """A drawing that could hold a script is saved like any file, whatever its name says."""
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    await visit(page, web, (await sealed(web, drawing, "picture.png")).link)
    async with page.expect_download():
        await page.click("#open")
    await expect(page.locator("[data-for=saved] [data-burned]")).to_be_visible()
    await expect(page.locator("#look")).to_be_hidden()


async def test_made_up_password_is_shown_copied_and_opens(
    page: Page, context: BrowserContext, web: Web
) -> None:
    """The page makes up a password, says how strong it is, and has it to copy beside the link."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(web.url)
    made = set()
    for kind, pattern in (("characters", r"[a-zA-Z2-9]{20}"), ("words", r"[a-z]{5}(-[a-z]{5}){3}")):
        for _ in range(3):
            await page.click(f"#make-{kind}")
            made.add(password := await page.input_value("#password"))
            assert re.fullmatch(pattern, password)
        await expect(page.locator("#strength")).to_contain_text("Strong")
    assert len(made) == 6
    await page.fill("#text", "x")
    await page.click("#send")
    await page.click("#copy-password")
    await expect(page.locator("#copy-password")).to_have_text("Copied")
    password = await page.evaluate("navigator.clipboard.readText()")
    assert password in made
    link = Link.parse(await page.input_value("#link"))
    data = await received(web.house.vault, link.id, link.key, Claim.random(), password)
    assert data == b"x"


async def test_code_for_a_camera_holds_the_link(page: Page, web: Web) -> None:
    """The drawing on the page has, module for module, the link that stands beside it."""
    await page.goto(web.url)
    await page.fill("#text", "x")
    await page.click("#send")
    await expect(page.locator("#picture")).to_be_visible()
    code = segno.make_qr(await page.input_value("#link"), error="m", boost_error=False)
    seen = await page.evaluate(
        """async (modules) => {
            const picture = document.getElementById("picture");
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = modules * 10;
            await picture.decode();
            const drawing = canvas.getContext("2d");
            drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
            const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
            const dark = (x, y) => data[4 * ((y * 10 + 5) * canvas.width + x * 10 + 5)] < 128;
            const all = [...Array(modules).keys()];
            return all.map((y) => all.map((x) => Number(dark(x, y))));
        }""",
        code.symbol_size()[0],
    )
    assert seen == [list(row) for row in code.matrix_iter(border=4)]


async def test_cancelled_upload_brings_everything_back(page: Page, web: Web) -> None:
    """Who cancels finds the text, the files and the choices where they were."""
    await page.goto(web.url)
    await page.fill("#text", "still here")
    await page.set_input_files("#file", payload("a", b"x"))
    await page.route("**/upload", lambda _route: None)  # it never gets anywhere
    await page.click("#send")
    await page.click("#cancel")
    await expect(page.locator("#compose")).to_be_visible()
    await expect(page.locator("#chosen li")).to_have_count(1)
    assert await page.input_value("#text") == "still here"
