"""Uploads by invitation, from a real client over a socket: every way, every refusal."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, FormData, MultipartWriter

from core.invitation import Purpose, Standing
from tests.asked import ANN, asked, delivered, file_form, standing
from tests.contents import pieces, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientResponse

    from core.bootstrap import House
    from core.invitation import Invited
    from tests.conftest import Web

HEADER = "OTS-Invitation"


async def problem(answer: ClientResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    told = await answer.json()
    assert told["detail"]
    return answer.status, told["type"].rpartition(":")[2]


async def test_what_is_handed_in_goes_to_the_door_alone(web: Web, client: ClientSession) -> None:
    """The answer says to whom it goes, and holds no link, id or token."""
    invited, data = await asked(web.house), os.urandom(200_000)
    headers = {HEADER: invited.token.reveal()}
    at = f"{web.url}/r/{invited.id}"
    answer = await client.post(at, data=file_form(data, "report.bin"), headers=headers)
    assert answer.status == 201
    assert await answer.json() == {"handed_to": "Ann"}
    assert await delivered(web.house, invited) == (data, "report.bin")
    [status] = await web.house.vault.control.secrets(web.house.vault.owner(ANN))
    assert str(status.id) not in str(answer.headers)
    again = await client.post(at, data=file_form(), headers=headers)
    assert await problem(again) == (410, "closed")


@pytest.mark.parametrize("how", ["raw", "raw-text", "multipart-text", "form"])
async def test_every_way_of_the_upload_works(web: Web, client: ClientSession, how: str) -> None:
    """A raw body, a text and forms are taken as the home page's upload takes them."""
    invited = await asked(web.house)
    headers = {HEADER: invited.token.reveal()}
    if how == "raw":
        headers |= {"OTS-Name": quote("b.txt")}
    if how == "raw-text":
        headers |= {"OTS-Kind": "text"}
    form = FormData(default_to_multipart=True)
    form.add_field("text", "content")
    body = {"raw": pieces(b"content"), "form": {"text": "content"}, "multipart-text": form}
    at = f"{web.url}/r/{invited.id}"
    answer = await client.post(at, data=body.get(how, b"content"), headers=headers)
    assert answer.status == 201, await answer.text()
    assert await delivered(web.house, invited) == (b"content", "b.txt" if how == "raw" else "")


async def test_way_for_large_files_takes_no_text(web: Web, client: ClientSession) -> None:
    """An upload link refuses a text and is still open then."""
    invited = await asked(web.house, purpose=Purpose.UPLOAD)
    at, headers = f"{web.url}/r/{invited.id}", {HEADER: invited.token.reveal()}
    answer = await client.post(at, data={"text": "content"}, headers=headers)
    assert await problem(answer) == (400, "malformed")
    assert (await client.post(at, data=file_form(), headers=headers)).status == 201


async def test_limits_count_here_too_and_cost_nothing(web: Web, client: ClientSession) -> None:
    """Too much, a forbidden ending, nothing at all: refused, and the place is free again."""
    invited = await asked(web.house)
    policy = replace(web.settings.policy, max_size=1000, allowed=("txt",))
    web.house.vault.policy = policy
    at, headers = f"{web.url}/r/{invited.id}", {HEADER: invited.token.reveal()}
    for form, told in (
        (file_form(bytes(1001)), (413, "too-large")),
        (file_form(name="a.exe"), (415, "forbidden-extension")),
        (file_form(b"", ""), (400, "empty-text")),
        (file_form(surprise="x"), (400, "malformed")),
        (file_form(expires="9d"), (422, "bad-lifetime")),
        (b"x", (415, "forbidden-extension")),
        (pieces(bytes(100_000)), (413, "too-large")),
    ):
        named = {} if isinstance(form, (FormData, bytes)) else {"OTS-Name": "a.txt"}
        answer = await client.post(at, data=form, headers=headers | named)
        assert await problem(answer) == told
        await until_open(web.house, invited)
    assert (await client.post(at, data=file_form(), headers=headers)).status == 201


async def until_open(house: House, invited: Invited) -> None:
    async with asyncio.timeout(10):
        while await standing(house, invited) is not Standing.OPEN:
            await asyncio.sleep(0.01)


async def test_second_upload_is_refused_before_it_sends(web: Web, client: ClientSession) -> None:
    """While one is under way a client that asks first is told 409 and sends nothing."""
    invited = await asked(web.house)
    at, headers = f"{web.url}/r/{invited.id}", {HEADER: invited.token.reveal()}
    go_on, sent = asyncio.Event(), []

    async def slow() -> AsyncIterator[bytes]:
        yield b"first "
        await go_on.wait()
        yield b"wins"

    async def never() -> AsyncIterator[bytes]:
        sent.append(True)
        yield b"second"

    first = asyncio.create_task(client.post(at, data=slow(), headers=headers))
    async with asyncio.timeout(10):
        while await standing(web.house, invited) is not Standing.OCCUPIED:
            await asyncio.sleep(0.01)
    answer = await client.post(at, data=never(), headers=headers, expect100=True)
    assert await problem(answer) == (409, "occupied")
    assert not sent
    assert 0 < int(answer.headers["Retry-After"]) <= 30
    peeked = await client.post(f"{at}/peek", json={"token": invited.token.reveal()})
    assert (await peeked.json())["state"] == "occupied"
    go_on.set()
    assert (await first).status == 201
    assert (await delivered(web.house, invited))[0] == b"first wins"


async def test_of_many_uploads_at_once_one_is_taken(web: Web, client: ClientSession) -> None:
    """Twenty at once: one success, and what it sent is what arrives."""
    invited = await asked(web.house)
    at, headers = f"{web.url}/r/{invited.id}", {HEADER: invited.token.reveal()}

    async def upload(number: int) -> tuple[int, bytes]:
        data = b"%d" % number
        async with client.post(at, data=data, headers=headers) as answer:
            await answer.read()
            return answer.status, data

    told = await asyncio.gather(*(upload(number) for number in range(20)))
    assert {status for status, _ in told} <= {201, 409, 410}
    [winner] = [data for status, data in told if status == 201]
    assert (await delivered(web.house, invited))[0] == winner


async def test_client_gone_while_uploading_frees_the_place(web: Web) -> None:
    """An upload that breaks off leaves no bytes and the invitation open, at once."""
    invited = await asked(web.house)
    _, writer = await asyncio.open_connection("127.0.0.1", int(web.url.rpartition(":")[2]))
    head = f"POST /r/{invited.id} HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n"
    writer.write(f"{head}{HEADER}: {invited.token.reveal()}\r\n\r\n".encode() + bytes(1_500_000))
    await writer.drain()
    incoming = web.settings.data_dir / "blobs" / "incoming"
    await until(lambda: any(incoming.iterdir()))
    assert await standing(web.house, invited) is Standing.OCCUPIED
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    await until_open(web.house, invited)
    assert not any(incoming.iterdir())


async def test_form_without_its_token_first_takes_nothing(web: Web, client: ClientSession) -> None:
    """A form whose token does not come before its content is refused; so is a malformed token."""
    invited = await asked(web.house)
    at = f"{web.url}/r/{invited.id}"
    late = FormData(default_to_multipart=True)
    late.add_field("file", b"x", filename="a")
    late.add_field("link-key", invited.token.reveal())
    other = file_form(text=invited.token.reveal())
    for body, headers in (
        (late, {}),
        (other, {}),
        (MultipartWriter("form-data"), {}),
        (file_form(link_key="short"), {}),
        (b"x", {HEADER: "short"}),
        (b"x", {}),
    ):
        answer = await client.post(at, data=body, headers=headers)
        assert await problem(answer) == (400, "malformed")
    assert await standing(web.house, invited) is Standing.OPEN
