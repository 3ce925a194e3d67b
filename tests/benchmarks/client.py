"""A lean client for load on loopback: a connection that sends the next request with each answer.

No task, no future and no stream stands between an answer and the next request, so that the
generator, which shares the machine's cores with what it measures, takes as little as it can.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    Next = Callable[[], bytes | None]  # the next request, or None when that was all

END = b"\r\n\r\n"
LENGTH = b"Content-Length: "
FINE = (b"200", b"201")


class Client(asyncio.Protocol):
    """One connection, one request at a time; `ended` is done when no request follows."""

    def __init__(self, following: Next, until: float) -> None:
        """Take what to send, and the moment (s) after which nothing more is."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.times: list[float] = []
        self.answers: list[bytes] = []
        self._following = following
        self.until = until
        self._sent = 0.0
        self._came = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own looks like one

    def go(self) -> None:
        """Send the next request, unless that was all."""
        request = self._following()
        if request is None:
            self.ended.set_result(None)
            return
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        came = self._came + data if self._came else data
        head = came.find(END)
        length = came.find(LENGTH, 0, head)
        if head < 0:
            self._came = came
            return
        if length < 0 or came[9:12] not in FINE:
            self._fail(RuntimeError(came[:200].decode(errors="replace")))
            return
        size = int(came[length + len(LENGTH) : came.find(b"\r", length)])
        if len(came) < head + len(END) + size:
            self._came = came
            return
        self._came = b""
        now = time.perf_counter()
        self.times.append(now - self._sent)
        self.answers.append(came[head + len(END) :])
        if now < self.until:
            self.go()
        else:
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError())

    def _fail(self, error: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)

    def close(self) -> None:
        self.ended.cancel()  # where it has not ended, nobody waits for it any more
        if self._transport is not None:
            self._transport.close()


async def connected(port: int, following: Next, until: float = 0.0) -> Client:
    """Connect, and send nothing yet."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(following, until), "127.0.0.1", port)
    return client


async def ask(port: int, request: bytes) -> bytes:
    """Send one request and answer the answer's body."""
    client = await connected(port, lambda: request)
    try:
        client.go()
        await client.ended
    finally:
        client.close()
    return client.answers[0]
