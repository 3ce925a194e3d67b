"""A small balancer of the tests: it asks each replica whether it is ready, and passes TCP on."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from tests.contents import until

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Coroutine, Sequence

LOOK_EVERY = 0.2  # seconds between two questions
ASK = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
PIECE = 64 * 1024


class Balancer:
    """One address for several ports; a connection stays where it was brought, to its end."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._next = 0
        self.ready: set[int] = set()
        self.brought: Counter[int] = Counter()  # connections, by port
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen and look in the block."""
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        for port in self._ports:
            self._start(self._look_at(port))
        try:
            yield
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    async def all_ready(self) -> None:
        await until(lambda: len(self.ready) == len(self._ports), 30)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._start(self._bring(reader, writer))

    async def _look_at(self, port: int) -> None:
        while True:
            if await _is_ready(port):
                self.ready.add(port)
            else:
                self.ready.discard(port)
            await asyncio.sleep(LOOK_EVERY)

    def _choose(self) -> int:
        """Turn to the next replica that is ready, or else to any."""
        for _ in self._ports:
            self._next = (self._next + 1) % len(self._ports)
            if self._ports[self._next] in self.ready:
                break
        return self._ports[self._next]

    async def _bring(self, reader: StreamReader, writer: StreamWriter) -> None:
        port = self._choose()
        try:
            # As in Kubernetes, who is brought to a replica that is no longer there has failed.
            there, back = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        self.brought[port] += 1
        try:
            await asyncio.gather(_pass(reader, back), _pass(there, writer))
        finally:
            for end in (back, writer):
                end.close()


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(ASK)
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


async def _pass(reader: StreamReader, writer: StreamWriter) -> None:
    """Pass on until the end, which is passed on too."""
    with suppress(ConnectionError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    with suppress(OSError):
        writer.write_eof()
