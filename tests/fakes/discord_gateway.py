"""The gateway of the tests' Discord."""

from __future__ import annotations

import asyncio
import json
import zlib
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, web

from tests.fakes import discord_payloads as payloads

MILD_HEARTBEAT = 20_000  # ms
SYNC_FLUSH = b"\x00\x00\xff\xff"


class Gateway:
    """Speaks with one client at a time."""

    def __init__(self) -> None:
        self.identified = 0
        self.resumed = 0
        self.intents = 0  # what the bot wants to hear
        self.close_code: int | None = None  # the gateway's answer to IDENTIFY instead of READY
        self.heartbeat = MILD_HEARTBEAT  # ms
        self.silent = False  # the gateway says nothing at all
        self._sockets: set[web.WebSocketResponse] = set()
        self._ready = asyncio.Event()
        self._sequence = 0
        self._socket: web.WebSocketResponse | None = None
        self._deflate: Any = None

    async def gateway(self, request: web.Request) -> web.WebSocketResponse:
        """Speak the gateway's protocol."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        deflate = zlib.compressobj()
        try:
            if not self.silent:
                hello = {"heartbeat_interval": self.heartbeat}
                await self._send(socket, deflate, {"op": 10, "d": hello, "s": None, "t": None})
            async for frame in socket:
                await self._hear(socket, deflate, json.loads(frame.data))
        finally:
            self._sockets.discard(socket)
            if socket is self._socket:
                self._ready.clear()
        return socket

    async def _hear(
        self, socket: web.WebSocketResponse, deflate: Any, heard: dict[str, Any]
    ) -> None:
        if heard["op"] == 1:
            await self._send(socket, deflate, {"op": 11, "d": None, "s": None, "t": None})
        elif heard["op"] == 2:
            self.identified += 1
            self.intents = heard["d"]["intents"]
            if self.close_code is not None:
                await socket.close(code=self.close_code)
                return
            self._socket, self._deflate = socket, deflate
            await self.tell("READY", payloads.ready())
            self._ready.set()
        elif heard["op"] == 6:
            self.resumed += 1
            self._socket, self._deflate = socket, deflate
            await self.tell("RESUMED", {})
            self._ready.set()

    async def connected(self) -> None:
        """Wait until the bot hears."""
        async with asyncio.timeout(15):
            await self._ready.wait()

    async def tell(self, name: str, data: dict[str, Any]) -> None:
        """Dispatch an event to the bot."""
        if name not in {"READY", "RESUMED"}:
            await self.connected()
        self._sequence += 1
        told = {"op": 0, "t": name, "s": self._sequence, "d": data}
        await self._send(self._socket, self._deflate, told)

    async def order(self, op: int, data: object = None) -> None:
        """Order the bot to reconnect (7) or call its session invalid (9)."""
        self._ready.clear()
        await self._send(self._socket, self._deflate, {"op": op, "d": data, "s": None, "t": None})

    async def drop(self) -> None:
        """Break the connection of the gateway."""
        self._ready.clear()
        assert self._socket is not None
        await self._socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _send(self, socket: web.WebSocketResponse | None, deflate: Any, told: object) -> None:
        packed = deflate.compress(json.dumps(told).encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)
        assert packed.endswith(SYNC_FLUSH)
        with suppress(ConnectionError):
            assert socket is not None
            await socket.send_bytes(packed)

    async def close(self) -> None:
        """Close what is connected."""
        for socket in list(self._sockets):
            await socket.close()
