"""A server that was told to stop: nobody's request fails by it, and it does end."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.stop import Stop
from tests.conftest import Web
from tests.contents import until
from tests.page import Page, Shared, hand_in
from tests.web.test_connections import UPLOAD, answer, connected
from web.app import serve

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from core.bootstrap import House
    from core.settings import Settings

READY = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = os.urandom(10_000_000)  # more than the system's buffers take in
HALF_AN_UPLOAD = UPLOAD + b"OTS-Name: x\r\nContent-Length: 10\r\n\r\nhello"


class Server:
    """A server of a test's own."""

    def __init__(self, web: Web, stack: AsyncExitStack) -> None:
        self.web = web
        self._stack = stack
        self.ended: asyncio.Task[None] | None = None

    def stop(self) -> asyncio.Task[None]:
        """Tell it to stop; what is answered ends when it did."""
        self.ended = self.ended or asyncio.create_task(self._stack.aclose())
        return self.ended


@asynccontextmanager
async def serving(
    house: House, settings: Settings, listening: socket.socket, **stop: float
) -> AsyncIterator[Server]:
    async with AsyncExitStack() as stack:
        given = replace(settings, stop=Stop(**stop))
        await stack.enter_async_context(serve(house, given, listening))
        server = Server(Web(settings.public_url, house, given), stack)
        yield server
        await server.stop()


async def test_balancers_are_told_while_everybody_is_served(
    house: House, settings: Settings, listening: socket.socket
) -> None:
    """It is not ready, but answers old connections and new ones, and ends each by its answer."""
    async with (
        serving(house, settings, listening, delay=0.5) as server,
        connected(server.web) as (reader, writer),
    ):
        writer.write(READY)
        status, headers, body = await answer(reader)
        assert (status, headers.get("connection")) == (200, None)
        server.stop()
        await until(lambda: house.readiness.stopping)
        async with connected(server.web) as (newcomer, new):
            new.write(READY)
            for one in (newcomer, reader):
                writer.write(READY if one is reader else b"")
                status, headers, body = await answer(one)
                assert (status, headers["connection"]) == (503, "close")
                assert json.loads(body)["stopping"]
                assert await one.read() == b""
        await server.stop()
        with pytest.raises(ConnectionError):
            async with connected(server.web):
                pass


async def test_transfers_that_run_come_to_their_end(
    house: House, settings: Settings, listening: socket.socket, client: ClientSession
) -> None:
    """What is being uploaded is read on, and who received the last byte can still say so."""
    async with serving(house, settings, listening) as server:
        url = server.web.url
        shared = Shared.of(client, url, await hand_in(client, url, LARGE))
        page = Page(client, url, shared.link)
        await page.open()
        async with connected(server.web) as (reader, writer):
            writer.write(HALF_AN_UPLOAD)
            rights = {"claim": page.claim.reveal(), "ticket": page.ticket}
            async with client.post(f"{page.at}/data", json=rights) as data:
                first = await data.content.readexactly(1)
                server.stop()
                await until(lambda: listening.fileno() == -1)
                assert first + await data.read() == LARGE
            assert (await page.done()).status == 204
            writer.write(b"world")
            status, headers, _ = await answer(reader)
            assert (status, headers["connection"]) == (201, "close")
        await server.stop()


async def test_transfer_without_an_end_is_cut_off(
    house: House, settings: Settings, listening: socket.socket
) -> None:
    """Whoever sends nothing more holds it up for no longer than was allowed."""
    async with (
        serving(house, settings, listening, timeout=0.2) as server,
        connected(server.web) as (reader, writer),
    ):
        writer.write(HALF_AN_UPLOAD)
        await until(house.gate._inside.total)
        server.stop()
        assert await reader.read() == b""
        await server.stop()
