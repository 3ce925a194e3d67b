"""Blobs in an object store.

<yyyymmdd>/<id>        sealed
<yyyymmdd>/<id>.latch  a text that says who holds the latch
standing               an empty text: where it is missing, nothing else counts as missing
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.background import Unbroken
from core.blobs import BOUNDLESS, Lying
from core.blobs.latches import ENDING
from core.blobs.upload import Upload
from core.clock import now_ms
from core.errors import CannotStart, Corrupt, Malformed, Unavailable
from core.link import SecretId
from core.stream import BATCH, NONCE, SEALED_CHUNK

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from obstore import ObjectMeta

    from core.blobs.bucket import Bucket

DAY = timedelta(days=1)
STALE = timedelta(minutes=15)  # after which nobody is about to write a blob's record any more
PART = 5 * 1024 * 1024  # bytes; S3 takes no smaller ones, but for the last
PARTS = 10_000  # S3 takes no more
HEAD = NONCE + BATCH * SEALED_CHUNK  # bytes that opening reads: a recipient's first batch
AHEAD = 4 * BATCH * SEALED_CHUNK  # bytes: a batch for each round trip would be slow
STANDING = "standing"


class ObjectBlob:
    """An open blob; its first bytes were read on the way, further ones `AHEAD` at a time."""

    def __init__(self, bucket: Bucket, name: str, size: int, head: bytes) -> None:
        self._bucket = bucket
        self._name = name
        self._seen, self._at = head, 0  # bytes that were read last, and where they begin
        self.size = size

    async def read(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            raise Corrupt
        if not self._at <= offset <= offset + length <= self._at + len(self._seen):
            more = min(max(length, AHEAD), self.size - offset)
            self._seen = await self._bucket.read(self._name, offset, more)
            self._at = offset
            if len(self._seen) != more:
                raise Corrupt
        start = offset - self._at
        return self._seen[start : start + length]


class ObjectBlobs:
    """The port's answer on an object store: all replicas share it, and none needs a disk."""

    def __init__(self, bucket: Bucket, *, largest: int) -> None:
        """Take a bucket, and how many sealed bytes the largest blob may have."""
        self._bucket = bucket
        self._part = max(PART, -(-largest // PARTS))
        self._uploads: set[Upload] = set()
        self._unbroken = Unbroken()

    async def start(self) -> None:
        """Make sure that a latch can be had here, and only once.

        Raises:
            CannotStart: two could hold one latch.
            StorageFull, Unavailable: the store refuses, or does not answer.
        """
        probe = f"{_folder(now_ms())}/{secrets.token_hex(8)}{ENDING}"  # where a sweep finds it
        try:
            if [await self._bucket.take(probe, text) for text in ("1", "2")] != ["1", "1"]:
                raise CannotStart(
                    "BLOBS_URL: this object store puts one object over another although it is told "
                    "not to (If-None-Match: *), so a secret could be opened twice. "
                    "Use a store, or a newer version of it, that knows conditional writes."
                )
        finally:
            await self._bucket.delete(probe)
        await self.check()
        await self._bucket.folders()

    async def check(self) -> None:
        await self._bucket.write(STANDING, "")

    async def free(self) -> int:
        return BOUNDLESS

    async def stored(self) -> int:
        stored = sum(upload.size for upload in self._uploads)
        async for page in self._bucket.objects():
            stored += sum(found["size"] for found in page)
        return stored

    async def put(self, secret_id: SecretId, limit: int, sealed: AsyncIterable[bytes]) -> None:
        upload = Upload(self._bucket, _name(secret_id, limit), self._part)
        self._uploads.add(upload)
        try:
            await upload.send(sealed)
        except BaseException:
            await self._unbroken.see_through(upload.take_back())
            raise
        finally:
            self._uploads.discard(upload)

    @asynccontextmanager
    async def open(self, secret_id: SecretId, limit: int) -> AsyncIterator[ObjectBlob]:
        name = _name(secret_id, limit)
        yield ObjectBlob(self._bucket, name, *await self._bucket.begin(name, HEAD))

    async def has(self, secret_id: SecretId, limit: int) -> bool:
        if await self._bucket.has(_name(secret_id, limit)):
            return True
        if not await self._bucket.has(STANDING):
            raise Unavailable  # another bucket, or an address that finds nothing at all
        return False

    async def holder(self, secret_id: SecretId, limit: int) -> str | None:
        return await self._bucket.text(_name(secret_id, limit) + ENDING)

    async def latch(self, secret_id: SecretId, limit: int, claim: str) -> str:
        return await self._bucket.take(_name(secret_id, limit) + ENDING, claim)

    async def shred(self, secret_id: SecretId, limit: int) -> None:
        await self._bucket.delete(_name(secret_id, limit))

    async def sweep(self, now: int) -> None:
        over = _moment(now) - 2 * DAY  # a day's name is its beginning
        for folder in await self._bucket.folders():
            day = _day(folder)
            if day is not None and day < over:
                async for page in self._bucket.objects(folder):
                    await self._bucket.delete(*(found["path"] for found in page))

    async def settled(self, now: int) -> AsyncIterator[Lying]:
        before = _moment(now) - STALE
        async for page in self._bucket.objects():
            for found in page:
                lying = _lying(found)
                if lying is not None and found["last_modified"] < before:
                    yield lying

    async def aclose(self) -> None:
        """Wait for what is being taken back."""
        await self._unbroken.aclose()


def _moment(now: int) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC)


def _name(secret_id: SecretId, limit: int) -> str:
    return f"{_folder(limit)}/{secret_id}"


def _folder(limit: int) -> str:
    return f"{_moment(limit):%Y%m%d}"


def _day(folder: str) -> datetime | None:
    """Read a folder's name; None: not one of ours."""
    with suppress(ValueError):
        return datetime.strptime(folder, "%Y%m%d").replace(tzinfo=UTC)
    return None


def _lying(found: ObjectMeta) -> Lying | None:
    """Tell blobs from latches, and from what an operator leaves there."""
    folder, _, name = found["path"].partition("/")
    day = _day(folder)
    with suppress(Malformed):
        if day is not None:
            limit = int((day + DAY).timestamp() * 1000) - 1
            return Lying(SecretId.parse(name), limit)
    return None
