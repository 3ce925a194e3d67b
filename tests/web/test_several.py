"""Several files in one upload: one link, to a zip that is written while they arrive."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from aiohttp import FormData

from core.link import Claim, Link

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web

SMALL, LARGE = b"small enough for the record", os.urandom(900_000)


async def opened(web: Web, client: ClientSession, form: FormData, **more: str) -> tuple[str, bytes]:
    """Share, and fetch what the link gives: its name and its bytes."""
    answer = await client.post(f"{web.url}/upload", data=form)
    assert answer.status == 201, await answer.text()
    link = Link.parse((await answer.json())["link"])
    claim = Claim.random().reveal()
    rights = {"key": link.key.reveal(), "claim": claim, **more}
    told = await (await client.post(f"{web.url}/s/{link.id}/open", json=rights)).json()
    rights = {"claim": claim, "ticket": told["ticket"]}
    answer = await client.post(f"{web.url}/s/{link.id}/data", json=rights)
    return told["name"], await answer.read()


@pytest.mark.parametrize("first", [SMALL, LARGE])
async def test_several_files_and_a_text_become_one_zip(
    web: Web, client: ClientSession, first: bytes
) -> None:
    """Nothing says beforehand that more follows: a first of any size is found in the zip again."""
    form = FormData(default_to_multipart=True)
    form.add_field("file", first, filename="same.bin")
    form.add_field("expires", "10m")
    form.add_field("text", "ü")
    form.add_field("file", LARGE, filename="same.bin")
    form.add_field("file", b"", filename="")  # what a browser sends for a field left empty
    form.add_field("password", "sesame")
    name, data = await opened(web, client, form, password="sesame")
    assert name == "files.zip"
    with ZipFile(BytesIO(data)) as read:
        assert read.testzip() is None
        found = {info.filename: read.read(info) for info in read.infolist()}
    assert found == {"same.bin": first, "message.txt": "ü".encode(), "same (2).bin": LARGE}


async def test_text_before_a_file_is_not_padded_in_the_zip(web: Web, client: ClientSession) -> None:
    """A text is sealed longer than it is; in the zip it has its own length."""
    form = FormData(default_to_multipart=True)
    form.add_field("text", "x" * 70_000)
    form.add_field("file", b"y", filename="a.txt")
    _, data = await opened(web, client, form)
    with ZipFile(BytesIO(data)) as read:
        assert read.namelist() == ["message.txt", "a.txt"]
        assert read.read("message.txt") == b"x" * 70_000


async def test_bytes_of_the_first_alone_do_not_stay(web: Web, client: ClientSession) -> None:
    """What was sealed before the second came is shredded when the zip is there."""
    form = FormData()
    for name in ("a", "b"):
        form.add_field("file", LARGE, filename=name)
    await opened(web, client, form)
    blobs = [path for path in (web.settings.data_dir / "blobs").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size > 800_000 for path in blobs) == 1
