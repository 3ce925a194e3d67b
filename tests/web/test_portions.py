"""What arrives, on its way from the socket to its connection."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from web.portions import PORTION, Portions

if TYPE_CHECKING:
    from aiohttp import web


class Recording(asyncio.Protocol):
    """Stands for aiohttp's connection."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.got.append(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's
        self.lost.set()


async def test_much_at_once_comes_in_portions() -> None:
    """Each byte arrives once and in order, in no piece that is larger than a portion."""
    connection, sent = Recording(), os.urandom(1_000_000)
    buffer = memoryview(bytearray(PORTION))
    loop = asyncio.get_running_loop()

    def connect() -> Portions:
        served: web.RequestHandler = connection  # type: ignore[assignment]
        return Portions(served, buffer)

    async with await loop.create_server(connect, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        await writer.drain()
        writer.close()
        async with asyncio.timeout(10):
            await connection.lost.wait()
    assert b"".join(connection.got) == sent
    assert max(map(len, connection.got)) <= PORTION
