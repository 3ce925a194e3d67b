"""The operator's limits at the web's door, counted on the bytes that really arrive."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiohttp import FormData

from tests.contents import pieces

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web


@pytest.fixture
def strict(web: Web) -> Web:
    """Run the server with narrow limits."""
    policy = replace(web.settings.policy, max_size=1000, allowed=("pdf", "txt"))
    web.house.vault.policy = policy
    return web


@pytest.mark.parametrize(("size", "status"), [(1000, 201), (1001, 413)])
@pytest.mark.parametrize("how", ["length", "chunked", "multipart"])
async def test_one_byte_over_is_refused_however_it_comes(
    strict: Web, client: ClientSession, size: int, status: int, how: str
) -> None:
    """The limit holds with a declared length, with none, and inside a form."""
    data = bytes(size)
    form = FormData()
    form.add_field("file", data, filename="a.txt")
    body = {"length": data, "chunked": pieces(data, 100), "multipart": form}[how]
    headers = {} if how == "multipart" else {"OTS-Name": "a.txt"}
    answer = await client.post(f"{strict.url}/upload", data=body, headers=headers)
    assert answer.status == status
    if status != 201:
        told = await answer.json()
        assert told["limit"] == 1000
        assert "1 kB" in told["detail"]


@pytest.mark.parametrize(
    ("name", "status"), [("a.pdf", 201), ("a.PDF", 201), ("a.exe", 415), ("a", 415)]
)
async def test_ending_is_checked_before_the_bytes(
    strict: Web, client: ClientSession, name: str, status: int
) -> None:
    """A forbidden ending is refused with the list of allowed ones."""
    form = FormData()
    form.add_field("file", b"x", filename=name)
    answer = await client.post(f"{strict.url}/upload", data=form)
    assert answer.status == status
    if status != 201:
        assert "pdf, txt" in (await answer.json())["detail"]


async def test_length_that_lies_is_an_upload_that_broke_off(strict: Web) -> None:
    """A body shorter than it claims to be leaves nothing."""
    port = int(strict.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /upload HTTP/1.1\r\nHost: x\r\nOTS-Name: a.txt\r\nContent-Length: 900\r\n\r\nx"
    )
    writer.write_eof()
    async with asyncio.timeout(10):
        assert b" 201 " not in await reader.read()
    writer.close()
    await writer.wait_closed()
    blobs = strict.settings.data_dir / "blobs"
    assert [path for path in blobs.rglob("*") if path.is_file()] == []


async def test_closed_home_page_takes_nothing(web: Web, client: ClientSession) -> None:
    """With WEB_UPLOAD=off the upload is a page that doesn't exist."""
    object.__setattr__(web.settings, "web_upload", False)
    answer = await client.post(f"{web.url}/upload", data=b"x")
    assert answer.status == 404


async def test_every_file_of_several_is_checked(strict: Web, client: ClientSession) -> None:
    """A forbidden ending among several, or too much in all of them together, is refused whole."""
    for names, size, status in (("ab", 100, 201), ("a!", 100, 415), ("ab", 400, 413)):
        form = FormData()
        for name in names:
            form.add_field("file", bytes(size), filename="b.exe" if name == "!" else f"{name}.txt")
        form.add_field("text", "allowed beside them, whatever endings are")
        answer = await client.post(f"{strict.url}/upload", data=form)
        assert answer.status == status
    blobs = strict.settings.data_dir / "blobs"
    assert [path for path in blobs.rglob("*") if path.is_file()] == []


async def test_more_files_than_a_zip_takes_are_refused(web: Web, client: ClientSession) -> None:
    """The directory of a zip is kept in memory, so it has an end."""
    form = FormData()
    for number in range(1001):
        form.add_field("file", b"", filename=f"{number}")
    answer = await client.post(f"{web.url}/upload", data=form)
    assert answer.status == 400
    assert "1000 files" in (await answer.json())["detail"]
