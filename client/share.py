"""Sharing: bytes go up while they are read, and a link comes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from client.failure import Broken, Exit, Failure
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
    body = _Body(source, progress)
    try:
        async with Server.at(address) as server, body.limit:
            size = await body.begin()
            return await _sent(server, body, size, _headers(source, wishes))
    except Broken as broken:
        if body.failure is not None:
            raise body.failure from None
        if type(broken) is Broken and not broken.wait:  # it may have arrived, who knows
            raise _unknown() from None
        raise
    except TimeoutError:
        raise _unknown() from None
    except Failure as failure:
        raise _closed(address) if failure.code is Exit.NOT_FOUND else failure from None


async def _sent(server: Server, body: _Body, size: int | None, headers: dict[str, str]) -> Shared:
    if size is not None:
        headers["Content-Length"] = str(size)
    asks = size is None or size > UNASKED
    sending = server.post("/upload", data=body.pieces(), headers=headers, expect100=asks)
    async with sending as answer:
        return _shared(server, await server.told(answer))


def _headers(source: Source, wishes: Wishes) -> dict[str, str]:
    headers = {"OTS-Kind": source.kind.value, "Content-Type": source.type}
    if source.name:
        headers["OTS-Name"] = quote(source.name.encode(errors="replace"), safe="")
    if wishes.password is not None:
        headers["OTS-Password"] = quote(wishes.password, safe="")
    if wishes.lifetime is not None:
        headers["OTS-Expires"] = str(round(wishes.lifetime.total_seconds()))
    return headers


def _closed(address: Address) -> Failure:
    sentence = _(
        "Nothing can be shared at {host}: its operator has switched that off, "
        "or the server's address is another one."
    )
    return Failure(sentence.format(host=address.host), Exit.NOT_TAKEN)


def _unknown() -> Broken:
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
    """The bytes as they are pulled. Whoever does not pull for too long runs into the limit."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self._read = source.pieces()
        self.limit = asyncio.timeout(None)  # not for a slow source, but for all else
        self._head = b""
        self.failure: Failure | None = None

    async def begin(self) -> int | None:
        """Read a first piece, and tell the size: what ends within it has one, too."""
        while len(self._head) < PIECE and (piece := await anext(self._read, b"")):
            self._head += piece
        self._expect()
        if self._source.size is None and len(self._head) < PIECE:
            return len(self._head)
        return self._source.size

    async def pieces(self) -> AsyncIterator[bytes]:
        """Hand out all of it, once."""
        piece = self._head
        while piece:
            self._expect()
            self._progress.add(len(piece))
            yield piece
            self.limit.reschedule(None)
            try:
                piece = await anext(self._read, b"")
            except Failure as failure:  # aiohttp tells of a broken connection instead
                self.failure = failure
                raise
        self._expect()

    def _expect(self) -> None:
        self.limit.reschedule(asyncio.get_running_loop().time() + STALLED)
