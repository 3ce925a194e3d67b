"""Clients that read slowly, or say that they have said all: they keep nobody else waiting."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.contents import until
from tests.faults.conftest import connected
from tests.page import Page, Shared, hand_in
from tests.storms.conftest import SOAK
from web.reveal import SLOWEST

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web

LARGE = 16 * 1024 * 1024  # more than all buffers on the way hold


def request(step: str, page: Page, **fields: str) -> bytes:
    """Write a page's call as it goes over the wire."""
    body = json.dumps({"claim": page.claim.reveal(), **fields}).encode()
    head = (
        f"POST /s/{page.link.id}/{step} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def opened(web: Web, client: ClientSession, content: bytes) -> Page:
    told = await hand_in(client, web.url, content)
    page = Page(client, web.url, Shared.of(client, web.url, told).link)
    assert (await page.open()).status == 200
    return page


def tasks() -> int:
    """Count what is at work, but for the proxy: Redis' client keeps its connections."""
    return sum(
        not task.done() and "Proxy." not in repr(task.get_coro()) for task in asyncio.all_tasks()
    )


async def test_slow_reader_keeps_nobody_waiting_and_leaves_nothing(
    web: Web, client: ClientSession
) -> None:
    """While one reads nothing others are served; when it goes, its work ends and it may go on."""
    data = os.urandom(LARGE)
    page, before = await opened(web, client, data), tasks()
    async with connected(web, small=True) as (reader, writer):
        writer.write(request("data", page, ticket=page.ticket))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        other = await opened(web, client, b"at once")
        assert (await other.data()).status == 200
        assert other.received == b"at once"
        assert tasks() < before + 10, "the slow one's, and none that piles up"
        writer.transport.abort()
    progress = f"{page.at}/progress"

    async def sent() -> dict[str, Any]:
        async with client.post(progress, json={"claim": page.claim.reveal()}) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async with asyncio.timeout(10):
        while (told := await sent())["sent"] == 0:
            await asyncio.sleep(0.01)
    assert told["sent"] < LARGE
    assert told["complete"] is False
    assert (await page.data()).status == 200
    assert page.received == data
    await client.close()
    await until(lambda: tasks() <= before)


@pytest.mark.skipif(not SOAK, reason="takes a minute; make soak runs it")
@pytest.mark.timeout(300)
async def test_reader_that_stopped_is_cut_off(web: Web, client: ClientSession) -> None:
    """A minute after its last read the server ends the transfer; the same claim may go on."""
    data = os.urandom(LARGE)
    page = await opened(web, client, data)
    async with connected(web, small=True) as (reader, writer):
        writer.write(request("data", page, ticket=page.ticket))
        await reader.readuntil(b"\r\n\r\n")
        before = tasks()
        await asyncio.sleep(SLOWEST + 5)
        assert tasks() < before
        with pytest.raises(asyncio.IncompleteReadError):
            await reader.readexactly(LARGE)
    assert (await page.data()).status == 200
    assert page.received == data


@pytest.mark.parametrize("step", ["open", "data", "done"])
async def test_half_closed_client_is_answered_or_let_go(
    web: Web, client: ClientSession, step: str
) -> None:
    """Whoever ends its side after the request gets the answer or a clean end, and may ask again."""
    page = await opened(web, client, b"once")
    if step == "done":
        await page.data()
    more = {"open": {"key": page.link.key.reveal()}, "data": {"ticket": page.ticket}, "done": {}}
    async with connected(web) as (reader, writer):
        writer.write(request(step, page, **more[step]))
        writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 20")
    assert (await getattr(page, step)()).status in {200, 204}
    if step != "done":
        assert (await page.data()).status in {200, 416}
    assert page.received == b"once"
