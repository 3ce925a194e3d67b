"""The gateway of the tests' Discord."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from contextlib import suppress
from typing import Any

from aiohttp import WSCloseCode, web

from tests.fakes import discord_payloads as payloads

MILD_HEARTBEAT = 20_000  # ms
SYNC_FLUSH = b"\x00\x00\xff\xff"
WRONG_SHARD = 4010
TIMESTAMP = 22  # the bits of an id above which its time begins


class Session:
    """One connection of a client, which may be one shard of several."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.name = ""
        self.shard, self.count = 0, 1
        self.hears = False  # from READY or RESUMED on
        self._deflate = zlib.compressobj()

    def is_told(self, guild: str | None) -> bool:
        """Tell whether an event of a server, or of none, comes here."""
        at = 0 if guild is None else (int(guild) >> TIMESTAMP) % self.count
        return self.hears and self.shard == at

    async def send(self, op: int, data: object, number: int | None = None, name: str = "") -> None:
        """Send one message, compressed as a part of the connection's one stream."""
        told = {"op": op, "d": data, "s": number, "t": name or None}
        deflate = self._deflate
        packed = deflate.compress(json.dumps(told).encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)
        assert packed.endswith(SYNC_FLUSH)
        with suppress(ConnectionError):
            await self.socket.send_bytes(packed)


class Gateway:
    """Speaks with every shard of one application."""

    def __init__(self) -> None:
        self.identified = 0
        self.resumed = 0
        self.intents = 0  # what the bot wants to hear
        self.close_code: int | None = None  # the gateway's answer to IDENTIFY instead of READY
        self.heartbeat = MILD_HEARTBEAT  # ms
        self.silent = False  # the gateway says nothing at all
        self.turn = 0.0  # seconds between two IDENTIFYs that are let in
        self.heard: list[int] = []  # which shard each event was told to
        self._sockets: set[web.WebSocketResponse] = set()
        self._sessions: list[Session] = []
        self._shards: dict[str, tuple[int, int]] = {}  # by session, to be resumed
        self._change = asyncio.Condition()
        self._sequence = 0
        self._let_in = float("-inf")

    async def gateway(self, request: web.Request) -> web.WebSocketResponse:
        """Speak the gateway's protocol."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        session = Session(socket)
        self._sessions.append(session)
        try:
            if not self.silent:
                await session.send(10, {"heartbeat_interval": self.heartbeat})
            async for frame in socket:
                await self._hear(session, json.loads(frame.data))
        finally:
            self._sockets.discard(socket)
            self._sessions.remove(session)
        return socket

    async def _hear(self, session: Session, heard: dict[str, Any]) -> None:
        match heard["op"]:
            case 1:
                await session.send(11, None)
            case 2:
                await self._identify(session, heard["d"])
            case 6:
                self.resumed += 1
                session.name = heard["d"]["session_id"]
                session.shard, session.count = self._shards[session.name]
                await self._let_hear(session, "RESUMED", {})

    async def _identify(self, session: Session, asked: dict[str, Any]) -> None:
        self.identified += 1
        self.intents = asked["intents"]
        shard, count = asked.get("shard", (0, 1))
        if self.close_code is not None or not 0 <= shard < count:
            await session.socket.close(code=self.close_code or WRONG_SHARD)
            return
        if time.monotonic() < self._let_in + self.turn:
            await session.send(9, data=False)
            return
        self._let_in = time.monotonic()
        session.name = f"session-{self.identified}"
        session.shard, session.count = self._shards[session.name] = shard, count
        await self._let_hear(session, "READY", payloads.ready(session.name, shard, count))

    async def _let_hear(self, session: Session, name: str, data: dict[str, Any]) -> None:
        self._sequence += 1
        await session.send(0, data, self._sequence, name)
        async with self._change:
            session.hears = True
            self._change.notify_all()

    async def connected(self, guild: str | None = None) -> list[Session]:
        """Wait until the bot hears of that server, or of what is in none; answer who does."""
        found: list[Session] = []

        def hears() -> bool:
            found[:] = [session for session in self._sessions if session.is_told(guild)]
            return bool(found)

        async with asyncio.timeout(30), self._change:
            await self._change.wait_for(hears)
        return found

    async def tell(self, name: str, data: dict[str, Any]) -> None:
        """Dispatch an event to whom it concerns: all sessions of a shard hear it."""
        for session in await self.connected(data.get("guild_id")):
            self._sequence += 1
            self.heard.append(session.shard)
            await session.send(0, data, self._sequence, name)

    async def order(self, op: int, data: object = None) -> None:
        """Order the first shard to reconnect (7) or call its session invalid (9)."""
        for session in await self.connected():
            session.hears = False
            await session.send(op, data)

    async def drop(self) -> None:
        """Break the connection of the first shard."""
        for session in await self.connected():
            session.hears = False
            await session.socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def close(self) -> None:
        """Close what is connected."""
        for socket in list(self._sockets):
            await socket.close()
