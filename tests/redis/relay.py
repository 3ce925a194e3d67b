"""TLS before a server that has none: who begins with a handshake gets it, others speak plainly.

So a sentinel watches a primary through the same port at which clients are served with TLS.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from core.background import stop
from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator

    from tests.fakes.authority import Authority

HANDSHAKE = b"\x16"
PIECE = 64 * 1024


@asynccontextmanager
async def relay(server: int, authority: Authority, *, mutual: bool = False) -> AsyncIterator[int]:
    """Listen in the block; with TLS, clients need a certificate where it is `mutual`."""
    context = authority.server()
    if mutual:
        context.load_verify_locations(authority.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
    lines: set[asyncio.Task[None]] = set()
    async with Proxy(server).listening(context) as encrypted:

        async def serve(asking: StreamReader, near: StreamWriter) -> None:
            first = await asking.read(PIECE)
            port = encrypted.port if first.startswith(HANDSHAKE) else server
            lines.add(asyncio.create_task(_join(first, asking, near, port)))

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            yield listening.sockets[0].getsockname()[1]
        finally:
            listening.close()
            await stop(*lines)
            await listening.wait_closed()


async def _join(first: bytes, asking: StreamReader, near: StreamWriter, port: int) -> None:
    with suppress(OSError):
        answering, far = await asyncio.open_connection("127.0.0.1", port)
        far.write(first)
        ways = {
            asyncio.create_task(_pass(asking, far)),
            asyncio.create_task(_pass(answering, near)),
        }
        try:
            await asyncio.wait(ways)
        finally:
            await stop(*ways)


async def _pass(source: StreamReader, target: StreamWriter) -> None:
    try:
        with suppress(OSError):
            while piece := await source.read(PIECE):
                target.write(piece)
                await target.drain()
    finally:
        target.close()
