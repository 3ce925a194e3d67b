"""A proxy on loopback that passes bytes on, until a fault of the network is let at them."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from core.background import stop

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator
    from pathlib import Path
    from ssl import SSLContext

PIECE = 64 * 1024
GONE = (ConnectionError, asyncio.IncompleteReadError)
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: the close is a reset


class Cut(Exception):
    """A fault ends the line."""


class Line:
    """One connection through the proxy: what a client asks, and what a server answers."""

    def __init__(self, near: StreamWriter, far: StreamWriter) -> None:
        self.near = near
        self.far = far

    def reset(self) -> None:
        """End it as a machine does that was switched off and on: with a reset to both sides."""
        for writer in (self.near, self.far):
            connection: socket.socket | None = writer.get_extra_info("socket")
            if connection is not None and connection.family != socket.AF_UNIX:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()


class Fault:
    """None: every byte passes, in both directions."""

    async def asked(self, _line: Line, piece: bytes, /) -> bytes:
        """Answer what of a client's bytes goes on to the server."""
        return piece

    async def answered(self, _line: Line, piece: bytes, /) -> bytes:
        """Answer what of a server's bytes goes on to the client."""
        return piece

    async def passed(self, _line: Line, /) -> None:
        """See a client's bytes handed to the server."""


class Proxy:
    """Stands between a client and a server."""

    def __init__(self, server: Path | int) -> None:
        self._server = server
        self._lines: set[asyncio.Task[None]] = set()
        self.fault = Fault()
        self.port = 0

    @asynccontextmanager
    async def listening(self, tls: SSLContext | None = None) -> AsyncIterator[Proxy]:
        """Pass on what comes in, through TLS or plainly, while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await stop(*self._lines)
            await server.wait_closed()

    async def cut(self) -> None:
        """End all connections: what lost bytes on its way may not go on as if it had not."""
        await stop(*self._lines)

    @property
    def lines(self) -> int:
        """How many connections there are."""
        return len(self._lines)

    async def _serve(self, asking: StreamReader, near: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            async with _closing(near):
                answering, far = await self._connected()
                async with _closing(far):
                    await self._pass(Line(near, far), asking, answering)
        except OSError:
            pass  # the server is not there, or a side went away: so does the other
        except asyncio.CancelledError:
            pass  # the proxy ends; asyncio's server would report it
        finally:
            self._lines.discard(task)

    async def _connected(self) -> tuple[StreamReader, StreamWriter]:
        if isinstance(self._server, int):
            return await asyncio.open_connection("127.0.0.1", self._server)
        return await asyncio.open_unix_connection(self._server)

    async def _pass(self, line: Line, asking: StreamReader, answering: StreamReader) -> None:
        directions = {
            asyncio.create_task(self._ask(line, asking)),
            asyncio.create_task(self._answer(line, answering)),
        }
        try:
            # The answer may still be under way when a client has nothing more to ask.
            await asyncio.wait(directions, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await stop(*directions)

    async def _ask(self, line: Line, asking: StreamReader) -> None:
        while piece := await asking.read(PIECE):
            if rest := await self.fault.asked(line, piece):
                line.far.write(rest)
                await line.far.drain()
            await self.fault.passed(line)
        line.far.write_eof()

    async def _answer(self, line: Line, answering: StreamReader) -> None:
        while piece := await answering.read(PIECE):
            if rest := await self.fault.answered(line, piece):
                line.near.write(rest)
                await line.near.drain()
        raise Cut


@asynccontextmanager
async def _closing(writer: StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with suppress(*GONE):
            await writer.wait_closed()
