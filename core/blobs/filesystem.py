"""Blobs as files.

incoming/<id>          being written
<yyyymmdd>/<id>        sealed
<yyyymmdd>/<id>.latch  who holds the latch
"""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import asynccontextmanager, suppress
from shutil import rmtree
from typing import TYPE_CHECKING

from core.background import beside
from core.blobs import Lying
from core.blobs.days import Days, in_thread, last_moment, spread
from core.blobs.draft_file import DraftFile
from core.blobs.latches import Latches, probe
from core.errors import Corrupt, Malformed, OneTimeShareError
from core.link import SecretId
from core.stream import NONCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from pathlib import Path

DAY = 24 * 60 * 60 * 1000
STALE = 15 * 60  # seconds after which nobody is writing any more
SIGN = 60.0  # seconds between two signs that somebody still does, however slowly bytes come
# Of preadv(2): fail rather than wait for the disk. Other systems have no such flag: a thread waits.
AT_HAND: int | None = getattr(os, "RWF_NOWAIT", None)
HEAD = 64 * 1024  # bytes up to which a blob is read when it is opened, and written when it is whole


class FileBlob:
    """An open blob file; a small one was read on the way, else its first bytes."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY)
        try:
            self.size = os.fstat(self._handle).st_size
            self._head = os.pread(self._handle, HEAD if self.size <= HEAD else NONCE, 0)
        except BaseException:
            self.close()
            raise

    async def read(self, offset: int, length: int) -> bytes | bytearray:
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        at_hand = None if AT_HAND is None else self._at_hand(offset, length, AT_HAND)
        if at_hand is not None:
            return at_hand
        read = await in_thread(os.pread, self._handle, length, offset)
        if len(read) != length:
            raise Corrupt
        return read

    def _at_hand(self, offset: int, length: int, flag: int) -> bytearray | None:
        """Read what the system has in memory; a thread's hop takes longer than that."""
        buffer = bytearray(length)
        try:
            whole = os.preadv(self._handle, [buffer], offset, flag) == length
        except OSError:  # not there, or a file system that can't tell
            return None
        return buffer if whole else None

    def close(self) -> None:
        os.close(self._handle)


class FileBlobs:
    """The port's answer on a local disk; what it promises is durable means fsync was done."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._days = Days(root)
        self._latches = Latches(self._days)

    async def start(self) -> None:
        """Make the folders, for this user alone."""
        await in_thread(self._root.mkdir, mode=0o700, parents=True, exist_ok=True)
        await in_thread(spread, self._root)
        await in_thread(self._incoming.mkdir, mode=0o700, exist_ok=True)
        await in_thread(probe, self._incoming)

    async def check(self) -> None:
        await in_thread(self._check)

    def _check(self) -> None:
        if not os.access(self._incoming, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "the folder of blobs can't be written")
        if os.statvfs(self._incoming).f_bavail == 0:
            raise OSError(errno.ENOSPC, "the disk is full")

    async def free(self) -> int:
        disk = await in_thread(os.statvfs, self._incoming)
        return disk.f_bavail * disk.f_frsize

    async def stored(self) -> int:
        return await in_thread(self._stored)

    def _stored(self) -> int:
        return sum(_size(folder) for folder in (self._incoming, *self._days.all()))

    async def put(self, secret_id: SecretId, limit: int, sealed: AsyncIterable[bytes]) -> None:
        draft = DraftFile(self._incoming / str(secret_id))
        try:
            async with beside(_still_writing(draft)):
                rest = await _written(draft, sealed)
            await in_thread(draft.keep, rest, self._days, self._path(secret_id, limit))
        except BaseException:
            await asyncio.shield(asyncio.to_thread(draft.drop))
            raise

    @asynccontextmanager
    async def open(self, secret_id: SecretId, limit: int) -> AsyncIterator[FileBlob]:
        blob = await in_thread(FileBlob, self._path(secret_id, limit))
        try:
            yield blob
        finally:
            blob.close()

    async def has(self, secret_id: SecretId, limit: int) -> bool:
        return await in_thread(self._path(secret_id, limit).exists)

    async def holder(self, secret_id: SecretId, limit: int) -> str | None:
        return await self._latches.holder(str(secret_id), limit)

    async def latch(self, secret_id: SecretId, limit: int, claim: str) -> str:
        return await self._latches.take(str(secret_id), limit, claim)

    async def shred(self, secret_id: SecretId, limit: int) -> None:
        with suppress(Corrupt):
            await in_thread(self._path(secret_id, limit).unlink)

    async def sweep(self, now: int) -> None:
        await in_thread(self._sweep, now)

    def _sweep(self, now: int) -> None:
        for draft in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < now / 1000 - STALE:
                    draft.unlink()
        for folder in self._days.all():
            if last_moment(folder) + DAY < now:
                rmtree(folder)

    async def settled(self, now: int) -> AsyncIterator[Lying]:
        for folder in await in_thread(self._days.all):
            for name in await in_thread(_settled, folder, now / 1000 - STALE):
                yield Lying(SecretId.parse(name), last_moment(folder))

    def _path(self, secret_id: SecretId, limit: int) -> Path:
        return self._days.path(str(secret_id), limit)

    async def aclose(self) -> None:
        """Wait for what is under way."""
        await self._latches.aclose()


def _size(folder: Path) -> int:
    """Add up the files of a folder; what goes meanwhile may count or not."""
    size = 0
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                size += entry.stat(follow_symlinks=False).st_size
    return size


async def _written(draft: DraftFile, sealed: AsyncIterable[bytes]) -> bytes:
    """Write what comes, but for a short rest: a small blob takes one hop in all."""
    rest = b""
    async for piece in sealed:
        rest += piece
        del piece  # the next one may be long in coming
        if len(rest) > HEAD:
            await in_thread(draft.write, rest)
            rest = b""
    return rest


async def _still_writing(draft: DraftFile) -> None:
    while True:
        await asyncio.sleep(SIGN)
        with suppress(OneTimeShareError):  # the next write says what is wrong
            await in_thread(draft.touch)


def _settled(folder: Path, before: float) -> list[str]:
    """Name the blobs that were there before this moment (s)."""
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if _names_a_blob(entry.name)]
    return [entry.name for entry in found if _older(entry, before)]


def _names_a_blob(name: str) -> bool:
    """Tell blobs from latches, and from what a file system or an operator leaves there."""
    with suppress(Malformed):
        SecretId.parse(name)
        return True
    return False


def _older(entry: os.DirEntry[str], before: float) -> bool:
    with suppress(FileNotFoundError):  # shredded since it was listed
        return entry.stat().st_mtime < before
    return False
