"""A store of blobs whose steps are timed, whichever store it is."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable

    from core.blobs import Blob, Blobs, Lying
    from core.link import SecretId
    from core.metrics import Metrics, Step


class MeasuredBlobs:
    """The port's answer, by another's. What secrets wait for is timed, sweeping is not."""

    def __init__(self, blobs: Blobs, metrics: Metrics) -> None:
        self._blobs = blobs
        self._step = metrics.blob_step

    async def put(self, secret_id: SecretId, limit: int, sealed: AsyncIterable[bytes]) -> None:
        with self._step("put") as step:
            await self._blobs.put(secret_id, limit, _awaited(sealed, step))

    @asynccontextmanager
    async def open(self, secret_id: SecretId, limit: int) -> AsyncIterator[Blob]:
        async with AsyncExitStack() as stack:
            with self._step("open"):
                blob = await stack.enter_async_context(self._blobs.open(secret_id, limit))
            yield _MeasuredBlob(blob, self._step)

    async def has(self, secret_id: SecretId, limit: int) -> bool:
        return await self._blobs.has(secret_id, limit)

    async def holder(self, secret_id: SecretId, limit: int) -> str | None:
        return await self._blobs.holder(secret_id, limit)

    async def latch(self, secret_id: SecretId, limit: int, claim: str) -> str:
        with self._step("latch"):
            return await self._blobs.latch(secret_id, limit, claim)

    async def shred(self, secret_id: SecretId, limit: int) -> None:
        with self._step("shred"):
            await self._blobs.shred(secret_id, limit)

    async def check(self) -> None:
        await self._blobs.check()

    async def free(self) -> int:
        return await self._blobs.free()

    async def stored(self) -> int:
        return await self._blobs.stored()

    async def sweep(self, now: int) -> None:
        await self._blobs.sweep(now)

    def settled(self, now: int) -> AsyncIterator[Lying]:
        return self._blobs.settled(now)


class _MeasuredBlob:
    """An open blob, whose reads are timed."""

    def __init__(self, blob: Blob, step: Callable[[str], Step]) -> None:
        self._blob = blob
        self._step = step
        self.size = blob.size

    async def read(self, offset: int, length: int) -> bytes | bytearray:
        with self._step("read"):
            return await self._blob.read(offset, length)


async def _awaited(sealed: AsyncIterable[bytes], step: Step) -> AsyncIterator[bytes]:
    """Pass the pieces on: neither the wait for their sender nor their failure is the store's."""
    pieces = aiter(sealed)
    while True:
        with step.elsewhere():
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece
        del piece  # the next one may be long in coming
