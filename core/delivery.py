"""The bytes of a secret on their way to the recipient, from any offset on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import stream
from core.errors import Corrupt, OutOfRange

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.batches import Batches
    from core.blobs import Blob
    from core.keys import Ticket
    from core.secret import Metadata


class Delivery:
    """Bytes `start` up to `stop` of `size`; `sent` is the offset after the last one handed out.

    `short` tells whether they are handed out in one piece.
    `begun` lies at most a piece further: some of that may arrive, whatever becomes of the rest.
    Only the chunks that hold them are read, and none leaves before it verified.
    """

    metadata: Metadata
    short: bool

    def __init__(  # noqa: PLR0913, PLR0917 - whose bytes, which part
        self,
        blob: Blob,
        chunks: stream.Chunks,
        batches: Batches,
        size: int,
        start: int,
        stop: int,
    ) -> None:
        self._blob = blob
        self._chunks = chunks
        self._batches = batches
        self._first = b""
        self.size = size
        self.start = start
        self.stop = stop
        self.sent = self.begun = start

    @classmethod
    async def begin(
        cls, blob: Blob, ticket: Ticket, batches: Batches, start: int, stop: int | None
    ) -> Delivery:
        """Check the blob's size and verify the first bytes, while nothing is decided yet.

        Raises:
            OutOfRange: `start` lies beyond the end.
            Corrupt: the blob is not what was sealed.
        """
        if start > ticket.size or (start == ticket.size and start > 0):
            raise OutOfRange(ticket.size)
        if blob.size != stream.sealed_size(ticket.plain_size):
            raise Corrupt
        nonce = bytes(await blob.read(0, stream.NONCE))
        chunks = stream.Chunks(ticket.file_key, nonce, blob.size)
        end = ticket.size if stop is None else min(stop, ticket.size)
        delivery = cls(blob, chunks, batches, ticket.size, start, end)
        first = start // stream.CHUNK
        delivery._first = await delivery._batch(first)
        delivery.short = end <= first * stream.CHUNK + len(delivery._first)
        return delivery

    @property
    def partial(self) -> bool:
        """Whether only a part was asked for."""
        return (self.start, self.stop) != (0, self.size)

    @property
    def complete(self) -> bool:
        """Whether the secret's last byte was handed out."""
        return self.sent == self.size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Hand out the bytes in pieces of at most 256 KiB."""
        index, piece = self.start // stream.CHUNK, self._first
        self._first = b""
        while self.sent < self.stop:
            base = index * stream.CHUNK
            self.begun = min(self.stop, base + len(piece))
            index += -(-len(piece) // stream.CHUNK)
            yield piece[self.sent - base : self.stop - base]
            self.sent = self.begun  # the consumer is done with it
            if self.sent < self.stop:
                piece = await self._batch(index)

    async def _batch(self, first: int) -> bytes:
        last = min(first + self._batches.chunks(), self._chunks.count) - 1
        offset, length = self._chunks.span(first, last)
        sealed = memoryview(await self._blob.read(offset, length))
        step = stream.CHUNK + stream.TAG
        opened = [
            self._chunks.open(first + n, sealed[n * step : (n + 1) * step])
            for n in range(last - first + 1)
        ]
        return opened[0] if len(opened) == 1 else b"".join(opened)
