"""Sharing: bytes go up while they are read, and a link comes back."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from client.failure import Broken, Failure
from client.server import Server
from client.source import PIECE
from core.errors import Malformed
from core.language import _
from core.link import Link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta

    from client.address import Address
    from client.progress import Progress
    from client.source import Source

STALLED = 60.0  # seconds in which not a byte is taken, nor an answer given
# Where more than this is to come, the server is asked first, so that a refusal comes in time.
UNASKED = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the sender wishes beside the bytes; None is the server's default."""

    lifetime: timedelta | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the sender gets; `told` is all of the server's answer."""

    link: str = field(repr=False)
    receipt: str = field(repr=False)
    expires_at: str
    told: dict[str, Any] = field(repr=False)


async def share(address: Address, source: Source, wishes: Wishes, progress: Progress) -> Shared:
    """Share what a source holds. It is sent once: a second try could make a second secret.

    Raises:
        Failure: the source can't be read, the server can't be reached, or it refused.
    """
    async with Server.at(address) as server, asyncio.timeout(None) as limit:
        body = _Body(source, progress, limit)
        size = await body.begin()
        headers = _headers(source, wishes)
        if size is not None:
            headers["Content-Length"] = str(size)
        asks = size is None or size > UNASKED
        try:
            sending = server.post("/upload", data=body.pieces(), headers=headers, expect100=asks)
            async with sending as answer:
                return _shared(server, await server.told(answer))
        except Broken as broken:
            if body.failure is not None:
                raise body.failure from None
            raise _unknown(broken) from None


def _headers(source: Source, wishes: Wishes) -> dict[str, str]:
    headers = {"OTS-Kind": source.kind.value, "Content-Type": source.type}
    if source.name:
        headers["OTS-Name"] = quote(source.name.encode(errors="replace"), safe="")
    if wishes.password is not None:
        headers["OTS-Password"] = quote(wishes.password, safe="")
    if wishes.lifetime is not None:
        headers["OTS-Expires"] = str(round(wishes.lifetime.total_seconds()))
    return headers


def _unknown(broken: Broken) -> Broken:
    if type(broken) is not Broken or broken.wait:
        return broken
    return Broken(
        _(
            "The connection broke off before the server's answer. Share it again: "
            "if it arrived all the same, nobody has its link, and it is destroyed unopened."
        )
    )


def _shared(server: Server, told: dict[str, Any]) -> Shared:
    try:
        shared = Shared(str(told["link"]), str(told["receipt"]), str(told["expires_at"]), told)
        Link.parse(shared.link)
    except (KeyError, Malformed):
        raise server.stranger() from None
    if not (shared.link + shared.receipt + shared.expires_at).isprintable():
        raise server.stranger()
    return shared


class _Body:
    """The bytes as they are pulled; whoever does not pull for too long runs into the limit."""

    def __init__(self, source: Source, progress: Progress, limit: asyncio.Timeout) -> None:
        self._source = source
        self._progress = progress
        self._limit = limit
        self._read = source.pieces()
        self._head = b""
        self.failure: Failure | None = None

    async def begin(self) -> int | None:
        """Read a first piece, and tell the size: what ends within it has one, too."""
        while len(self._head) < PIECE and (piece := await anext(self._read, b"")):
            self._head += piece
        self._wait()
        if self._source.size is None and len(self._head) < PIECE:
            return len(self._head)
        return self._source.size

    async def pieces(self) -> AsyncIterator[bytes]:
        """Hand out all of it, once."""
        try:
            async with aclosing(self._read):
                yield self._counted(self._head)
                while True:
                    self._limit.reschedule(None)  # a slow source has all the time it wants
                    piece = await anext(self._read, b"")
                    self._wait()
                    if not piece:
                        return
                    yield self._counted(piece)
        except Failure as failure:  # aiohttp tells of a broken connection instead
            self.failure = failure
            raise

    def _counted(self, piece: bytes) -> bytes:
        self._progress.add(len(piece))
        return piece

    def _wait(self) -> None:
        self._limit.reschedule(asyncio.get_running_loop().time() + STALLED)
