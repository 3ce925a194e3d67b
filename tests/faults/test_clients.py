"""Faults between a client and the web server: who won learns it, and goes on where it was."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, ClientTimeout
from structlog.testing import capture_logs

from tests.contents import until
from tests.faults.conftest import calls_of, connected
from tests.faults.kinds import ONE, Broken, Held
from tests.page import Page, Shared, hand_in, until_told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.receipts import Receipt
    from tests.conftest import Web
    from tests.faults.kinds import Once
    from tests.faults.proxy import Proxy

IMPATIENT = ClientTimeout(total=0.3)
SIZE = 1_000_000
LARGE = 16 * 1024 * 1024  # more than all buffers on the way hold


@pytest.fixture
async def impatient() -> AsyncIterator[ClientSession]:
    """Give a client that soon asks again."""
    async with ClientSession(headers={"Accept": "application/json"}, timeout=IMPATIENT) as session:
        yield session


@pytest.mark.parametrize("kind", ONE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("call", [b"/upload ", b"/open ", b"/data ", b"/done ", b"DELETE /s/"])
async def test_call_that_was_not_answered_is_made_again(
    web: Web, client_side: Proxy, impatient: ClientSession, call: bytes, kind: type[Once]
) -> None:
    """Whether it was done or not, the same call tells it, and what was shared is received once."""
    client_side.fault = fault = kind(call)
    url = f"http://127.0.0.1:{client_side.port}"
    told = await until_told(lambda: hand_in(impatient, url, {"text": "once"}))
    shared = Shared.of(impatient, url, told)
    page, late = (Page(impatient, url, shared.link) for _ in range(2))
    assert (await until_told(page.open)).status == 200
    assert (await until_told(late.open)).problem == "taken"
    assert (await until_told(page.data)).status in {200, 206, 416}
    assert page.received == b"once"
    assert (await until_told(page.done)).status == 204
    assert (await until_told(late.download)).more["state"] == "opened"
    told = await until_told(lambda: hand_in(impatient, url, {"text": "never"}))
    shared = Shared.of(impatient, url, told)
    assert (await until_told(shared.revoke)).status == 204
    gone = await until_told(Page(impatient, url, shared.link).download)
    assert gone.more["state"] == "revoked"
    assert fault.struck


@pytest.mark.parametrize("how", ["end", "reset", "black hole"])
@pytest.mark.parametrize("after", [0, 5_000, 500_000, SIZE])
async def test_interrupted_page_goes_on_to_the_exact_bytes(
    web: Web,
    client: ClientSession,
    client_side: Proxy,
    impatient: ClientSession,
    after: int,
    how: str,
) -> None:
    """Wherever the transfer breaks, the rest comes with a range; nobody else gets a byte."""
    url, data = f"http://127.0.0.1:{client_side.port}", os.urandom(SIZE)
    shared = Shared.of(client, web.url, await hand_in(client, web.url, data))
    page, other = (Page(impatient, url, shared.link) for _ in range(2))
    assert (await page.open()).status == 200
    client_side.fault = fault = Broken(b"/data ", after, how)
    assert (await until_told(page.data)).status in {200, 206, 416}  # 416: only the end was lost
    assert fault.struck
    assert page.received == data
    assert (await until_told(other.download)).problem == "gone"
    assert other.received == b""
    assert (await until_told(page.done)).status == 204
    [(_, receipt)] = await ends(web)
    assert receipt.event == "opened"


async def ends(web: Web) -> list[tuple[str, Receipt]]:
    await web.house.outbox.flush()
    return await web.house.receipts.since()


@pytest.mark.parametrize("how", ["reset", "end"])
async def test_upload_that_breaks_off_half_way_leaves_nothing(
    web: Web, client: ClientSession, how: str
) -> None:
    """No record was written, and the bytes that came are gone."""
    async with connected(web) as (reader, writer):
        head = f"POST /upload HTTP/1.1\r\nHost: x\r\nOTS-Name: a\r\nContent-Length: {LARGE}\r\n\r\n"
        writer.write(head.encode() + bytes(LARGE // 2))
        await writer.drain()
        await until(lambda: blobs(web))
        if how == "reset":
            writer.transport.abort()
        else:
            writer.write_eof()
            async with asyncio.timeout(10):
                assert b" 201 " not in await reader.read()
    await until(lambda: not blobs(web))
    await web.house.sweeper.sweep()
    assert blobs(web) == []
    assert await web.house.redis.keys("ots:{*}") == []


@pytest.mark.parametrize("text", ["short", "long " * 100_000], ids=["one piece", "many"])
async def test_script_that_is_gone_before_the_latch_takes_nothing_away(
    web: Web, client: ClientSession, redis_side: Proxy, text: str
) -> None:
    """Whoever gave up while Redis was slow can receive no byte: the secret waits for the next."""
    shared = await Shared.hand_in(client, web.url, text=text)
    redis_side.fault = claim = Held(calls_of("claim"), 0)
    body = json.dumps({"key": shared.key.reveal()})
    head = f"POST /d/{shared.id} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with capture_logs() as logs:
        async with connected(web) as (_, writer):
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            await until(lambda: claim.struck)
        claim.let_go.set()
        await until(lambda: [line for line in logs if line.get("route") == "/d/{id}"])
    told = await Page(client, web.url, shared.link).download()
    assert (told.status, told.problem) == (200, "")


def blobs(web: Web) -> list[str]:
    return [p.name for p in (web.settings.data_dir / "blobs").rglob("*") if p.is_file()]
