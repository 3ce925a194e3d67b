"""A lean HTTP client for load on loopback: one request at a time on a connection that stays."""

from __future__ import annotations

import asyncio


class Connection:
    """Sends what is prepared and reads one answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def post(self, path: str, body: bytes, *headers: str) -> tuple[int, bytes]:
        """Post and answer status and body."""
        head = [
            f"POST {path} HTTP/1.1",
            "Host: x",
            f"Content-Length: {len(body)}",
            *headers,
            "",
            "",
        ]
        self._writer.write("\r\n".join(head).encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        status = int(answer[9:12])
        lower = answer.lower()
        at = lower.find(b"content-length: ")
        size = int(lower[at + 16 : lower.index(b"\r\n", at)]) if at >= 0 else 0
        return status, await self._reader.readexactly(size)

    def close(self) -> None:
        self._writer.close()
