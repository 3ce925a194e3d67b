"""Many slow transfers at once: none ends before all of them are half way."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tests.benchmarks.calls import post
from tests.benchmarks.client import END, FINE, LENGTH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

PIECE = 64 * 1024
PAUSE = 0.01  # seconds between two pieces
PATIENCE = 120.0  # seconds for all of them


class Crowd:
    """So many clients, who wait for each other in the middle."""

    def __init__(self, port: int, clients: int, size: int) -> None:
        self._port = port
        self._clients = clients
        self._size = size
        self._middle = asyncio.Barrier(clients)
        self._held: list[tuple[str, bytes]] = []

    async def upload(self) -> None:
        """Let each client send one file."""
        await self._all(lambda _: self._send())

    async def download(self) -> None:
        """Let each client fetch one of them."""
        held, self._held = self._held, []
        await self._all(lambda number: self._fetch(*held[number]))

    async def _all(self, each: Callable[[int], Coroutine[None, None, None]]) -> None:
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            for number in range(self._clients):
                group.create_task(each(number))

    async def _send(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(
                post("/upload", b"", "OTS-Kind: file").replace(b": 0", b": %d" % self._size)
            )
            async for length in self._paced():
                writer.write(bytes(length))
                await writer.drain()
            told = json.loads(await reader.readexactly(await _length(reader)))
            key = told["link"].rpartition("#")[2]
            self._held.append((f"/d/{told['id']}", json.dumps({"key": key}).encode()))
        finally:
            writer.close()

    async def _fetch(self, path: str, key: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(post(path, key, "Content-Type: application/json"))
            if await _length(reader) != self._size:
                raise RuntimeError(path)
            async for length in self._paced():
                await reader.readexactly(length)
        finally:
            writer.close()

    async def _paced(self) -> AsyncIterator[int]:
        """Say how much to move next; the pause in the middle is as long as the slowest takes."""
        for start in range(0, self._size, PIECE):
            if start <= self._size // 2 < start + PIECE:
                await self._middle.wait()
            yield min(PIECE, self._size - start)
            await asyncio.sleep(PAUSE)


async def _length(reader: asyncio.StreamReader) -> int:
    """Read an answer's head; how long its body is."""
    head = await reader.readuntil(END)
    at = head.find(LENGTH)
    if head[9:12] not in FINE or at < 0:
        raise RuntimeError(head.decode(errors="replace"))
    return int(head[at + len(LENGTH) :].split(b"\r", 1)[0])
