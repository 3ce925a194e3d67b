"""What comes over a socket and is no request, or comes slowly: bounded, and answered clearly."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from core.link import Link
from tests.contents import until
from web import connections, parts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from tests.conftest import Web

ID = b"A" * 22
TYPED = b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
GLANCE = b"GET /info/" + ID + b" HTTP/1.1\r\nHost: x\r\n"
UPLOAD = b"POST /upload HTTP/1.1\r\nHost: x\r\n"


@asynccontextmanager
async def connected(
    web: Web,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    port = int(web.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(10):
            yield reader, writer
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(first.split()[1]), headers, body


REFUSED = [
    (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    (b"NOT A REQUEST\r\n\r\n", 400),
    (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", 400),
    (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 200 + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nOTS-Password: " + b"S" * 10_000 + b"\r\n\r\n", 431),
    (b"GET /" + b"S" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    (UPLOAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    (UPLOAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (UPLOAD + b"Content-Length: -5\r\n\r\n", 400),
    (UPLOAD + b"OTS-Password: a\r\nOTS-Password: b\r\nContent-Length: 1\r\n\r\nx", 400),
    (GLANCE + b"Authorization: Bearer x\r\nauthorization: Bearer y\r\n\r\n", 400),
    (UPLOAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx", 415),
    (UPLOAD + b"Content-Encoding: identity\r\ncontent-encoding: gzip\r\n" + b"\r\n", 400),
    (b"POST /s/" + ID + b"/peek HTTP/1.1\r\nHost: x\r\nContent-Encoding: br\r\n" + TYPED, 415),
    (b"GET /static/..%2f..%2fcore/keys.py HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /static/../../core/keys.py HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET //evil.example/s/x HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
]


async def test_what_no_route_takes_is_refused_in_our_own_words(web: Web) -> None:
    """Malformed, too long, encoded, doubled, or a path's trick: our problem, headers, no echo."""
    for sent, status in REFUSED:
        with capture_logs() as logs:
            async with connected(web) as (reader, writer):
                writer.write(sent)
                told, headers, body = await answer(reader)
        problem = json.loads(body)
        assert (told, problem["status"]) == (status, status), sent[:80]
        assert problem["detail"]
        assert headers["content-type"].startswith("application/problem+json")
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert not headers.get("server")
        assert "SSS" not in str(logs) + body.decode()


@pytest.mark.parametrize("before", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_head_that_comes_slowly_is_cut_off(
    web: Web, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    """Bytes that go on coming do not prolong the time for a head, the first or a later one."""
    monkeypatch.setattr(connections, "HEAD_WITHIN", 0.2)
    async with connected(web) as (reader, writer):
        if before:
            writer.write(before)
            assert (await answer(reader))[0] == 200
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        ended = asyncio.ensure_future(reader.read())
        while not ended.done():
            writer.write(b"X: y\r\n")
            await asyncio.wait([ended], timeout=0.02)
        assert ended.exception() or ended.result() == b""


async def test_time_for_a_head_limits_no_body(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload may take longer than heads may."""
    monkeypatch.setattr(connections, "HEAD_WITHIN", 0.1)
    async with connected(web) as (reader, writer):
        writer.write(UPLOAD + b"OTS-Name: x\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            await asyncio.sleep(0.03)
            writer.write(b"x")
        assert (await answer(reader))[0] == 201


@pytest.mark.parametrize("form", [False, True])
async def test_body_that_trickles_is_cut_off(
    web: Web, monkeypatch: pytest.MonkeyPatch, form: bool
) -> None:
    """A byte now and then keeps no upload alive; what it left is gone."""
    monkeypatch.setattr(parts, "SILENCE", 0.2)
    monkeypatch.setattr(parts, "SLOWEST", 1_000_000)
    async with connected(web) as (reader, writer):
        if form:
            writer.write(UPLOAD + b"Content-Type: multipart/form-data; boundary=b\r\n")
            writer.write(b"Content-Length: 100000\r\n\r\n--b\r\n")
            writer.write(b'Content-Disposition: form-data; name="password"\r\n\r\n')
        else:
            writer.write(UPLOAD + b"OTS-Name: x\r\nContent-Length: 100000\r\n\r\n")
        told = asyncio.ensure_future(answer(reader))
        while not told.done():
            writer.write(b"x")
            await asyncio.wait([told], timeout=0.02)
        status, _, body = await told
        assert (status, json.loads(body)["type"]) == (400, "urn:onetimeshare:problem:source-failed")
    blobs = web.settings.data_dir / "blobs"
    await until(lambda: [path for path in blobs.rglob("*") if path.is_file()] == [])


async def test_client_that_goes_in_the_middle_is_no_fault_of_the_server(
    web: Web, client: ClientSession
) -> None:
    """Its broken download is noted as such, and raises no alarm."""
    async with client.post(f"{web.url}/upload", data=BytesIO(os.urandom(16_000_000))) as told:
        link = Link.parse((await told.json())["link"])
    with capture_logs() as logs:
        async with client.post(f"{web.url}/d/{link.id}", json={"key": link.key.reveal()}) as taken:
            await taken.content.readany()
            taken.close()
        await until(lambda: [line for line in logs if line["event"] == "request failed"])
    assert {line["log_level"] for line in logs} == {"info"}
