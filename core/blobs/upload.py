"""One blob on its way into a bucket, in parts of one size, however it ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from core.blobs.bucket import FAILURES, refuse
from core.errors import OneTimeShareError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from obstore import PutResult

    from core.blobs.bucket import Bucket

# Seconds that an upload has to end once it was given up: a request, what is repeated, the abort.
ENDING = 45.0


class BrokenOff(Exception):
    """Tells the store's client to take back the parts that were sent."""


class Upload:
    """Gathers the first part: what fits into it goes in one request, the rest as a stream.

    At most two parts and what is handed over are in memory. The store's client pulls from this
    in a task that nobody cancels, since a cancelled one would leave the parts in the bucket.
    """

    def __init__(self, bucket: Bucket, name: str, part: int) -> None:
        self._bucket = bucket
        self._name = name
        self._part = part
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._given_up = False
        self._sending: asyncio.Future[PutResult] | None = None
        self.size = 0

    async def send(self, sealed: AsyncIterable[bytes]) -> None:
        """Send all of it: durable when this returns.

        Raises:
            StorageFull, Unavailable: the store refuses, or does not answer.
        """
        first, stream = bytearray(), None
        async for piece in sealed:
            self.size += len(piece)
            if stream is not None:
                await self._hand_over(stream, piece)
                continue
            first += piece
            if len(first) > self._part:
                stream = self._begin(self)
                await self._hand_over(stream, bytes(first))
                first.clear()
        if stream is not None:
            await self._hand_over(stream, None)
        await _ended(stream or self._begin(bytes(first)))

    def _begin(self, content: bytes | Upload) -> asyncio.Future[PutResult]:
        sending = asyncio.ensure_future(self._bucket.put(self._name, content, self._part))
        self._sending = sending
        return sending

    async def _hand_over(self, stream: asyncio.Future[PutResult], piece: bytes | None) -> None:
        """Wait until there is room for a piece, or the stream has failed."""
        handing = asyncio.ensure_future(self._pieces.put(piece))
        either: set[asyncio.Future[Any]] = {handing, stream}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            handing.cancel()
        if stream.done():
            await _ended(stream)

    async def take_back(self) -> None:
        """Give it up and leave nothing, as far as the store answers; a sweep finds the rest."""
        if self._sending is None:
            return
        self._given_up = True
        with suppress(asyncio.QueueFull):  # then there is something to wake up for already
            self._pieces.put_nowait(None)
        await asyncio.wait([self._sending], timeout=ENDING)
        if not self._sending.cancel() and not self._sending.cancelled():
            self._sending.exception()  # asked for, so that nobody complains that it never was
        with suppress(OneTimeShareError):
            await self._bucket.delete(self._name)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._pieces.get()
        if self._given_up:
            raise BrokenOff
        if piece is None:
            raise StopAsyncIteration
        return piece


async def _ended(sending: asyncio.Future[PutResult]) -> None:
    try:
        await asyncio.shield(sending)
    except FAILURES as error:
        refuse(error)
