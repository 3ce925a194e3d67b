"""Blobs as files, in a folder for each day on which secrets reach their limit.

incoming/<id>             being written
<yyyymmdd>/<id>           sealed and waiting
<yyyymmdd>/<id>.<claim>   latched: renamed, which only one can do; emptied when burned
"""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from shutil import rmtree
from typing import TYPE_CHECKING

from core.blobs import Lying
from core.errors import Corrupt, StorageFull, Unavailable
from core.link import SecretId

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable
    from pathlib import Path
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

DAY = 24 * 60 * 60 * 1000
STALE = 15 * 60  # seconds after which nobody is writing any more
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


async def _in_thread(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a call off the loop. A cancelled caller still waits: no thread works behind its back."""
    work = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
    except FileNotFoundError:
        raise Corrupt from None
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise Unavailable from error


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder as durable as the files."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class FileBlob:
    """An open blob file."""

    def __init__(self, handle: int, size: int) -> None:
        self._handle = handle
        self.size = size

    async def read(self, offset: int, length: int) -> bytes:
        read = await _in_thread(os.pread, self._handle, length, offset)
        if len(read) != length:
            raise Corrupt
        return read


class FileBlobs:
    """The port's answer on a local disk; what it promises is durable means fsync was done."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"

    async def start(self) -> None:
        """Make the folders, for this user alone."""
        await _in_thread(self._root.mkdir, mode=0o700, parents=True, exist_ok=True)
        await _in_thread(self._incoming.mkdir, mode=0o700, exist_ok=True)

    async def check(self) -> None:
        await _in_thread(self._check)

    def _check(self) -> None:
        if not os.access(self._incoming, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "the folder of blobs can't be written")
        if os.statvfs(self._incoming).f_bavail == 0:
            raise OSError(errno.ENOSPC, "the disk is full")

    async def put(self, secret_id: SecretId, limit: int, sealed: AsyncIterable[bytes]) -> None:
        draft = _Draft(self._incoming / str(secret_id))
        waiting = b""
        try:
            async for piece in sealed:
                if waiting:  # the last piece stays back: a small blob takes one hop in all
                    await _in_thread(draft.write, waiting)
                waiting = piece
            await _in_thread(draft.keep, waiting, self._path(secret_id, limit))
        except BaseException:
            await asyncio.shield(asyncio.to_thread(draft.drop))
            raise

    @asynccontextmanager
    async def open(self, secret_id: SecretId, limit: int, claim: str) -> AsyncIterator[FileBlob]:
        handle = await _in_thread(_open, self._path(secret_id, limit), claim)
        try:
            yield FileBlob(handle, os.fstat(handle).st_size)
        finally:
            os.close(handle)

    async def holder(self, secret_id: SecretId, limit: int) -> str | None:
        return await _in_thread(_holder, self._path(secret_id, limit))

    async def latch(self, secret_id: SecretId, limit: int, claim: str) -> str:
        return await _in_thread(_latch, self._path(secret_id, limit), claim)

    async def shred(self, secret_id: SecretId, limit: int, holder: str | None) -> None:
        with suppress(Corrupt):
            await _in_thread(_shred, self._path(secret_id, limit), holder)

    async def sweep(self, now: int) -> None:
        await _in_thread(self._sweep, now)

    def _sweep(self, now: int) -> None:
        for draft in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < now / 1000 - STALE:
                    draft.unlink()
        for folder in self._days():
            if _limit(folder.name) + DAY < now:
                rmtree(folder)

    async def settled(self, now: int) -> AsyncIterator[Lying]:
        for folder in await _in_thread(self._days):
            for name in await _in_thread(_settled, folder, now / 1000 - STALE):
                secret_id, _, holder = name.partition(".")
                yield Lying(SecretId.parse(secret_id), _limit(folder.name), holder or None)

    def _days(self) -> list[Path]:
        return [folder for folder in self._root.iterdir() if folder.name.isdecimal()]

    def _path(self, secret_id: SecretId, limit: int) -> Path:
        day = datetime.fromtimestamp(limit / 1000, UTC)
        return self._root / f"{day:%Y%m%d}" / str(secret_id)


class _Draft:
    """A blob being written, used from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def write(self, sealed: bytes) -> None:
        if self._handle is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            self._handle = os.open(self._path, flags, 0o600)
        view = memoryview(sealed)
        while view:
            view = view[os.write(self._handle, view) :]

    def keep(self, rest: bytes, path: Path) -> None:
        """Write the rest and give the blob its name: after this it is durable."""
        self.write(rest)
        if self._handle is not None:
            os.fsync(self._handle)
            self._close()
        _make_day(path.parent)
        self._path.rename(path)
        _sync_folder(path.parent)

    def drop(self) -> None:
        self._close()
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)


def _make_day(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    _sync_folder(folder.parent)


def _limit(day: str) -> int:
    """Tell the last moment (ms) of a day's folder."""
    end = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    return int(end.timestamp() * 1000) - 1


def _open(path: Path, claim: str) -> int:
    with suppress(FileNotFoundError):
        return os.open(path, os.O_RDONLY)
    return os.open(_latched(path, claim), os.O_RDONLY)


def _latched(path: Path, holder: str) -> Path:
    return path.with_name(f"{path.name}.{holder}")


def _holder(path: Path) -> str | None:
    if path.exists():
        return None
    prefix = f"{path.name}."
    # Rare: only where Redis lost its latest moments is a latch looked for that it doesn't know.
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix):
                return entry.name.removeprefix(prefix)
    raise FileNotFoundError(errno.ENOENT, "no blob, no latch")


def _latch(path: Path, claim: str) -> str:
    mine = _latched(path, claim)
    try:
        path.rename(mine)
    except FileNotFoundError:
        if not mine.exists():
            holder = _holder(path)
            if holder is not None:
                return holder
            raise
    # Also after an earlier try of ours, that may have ended between these two lines.
    _sync_folder(path.parent)
    return claim


def _shred(path: Path, holder: str | None) -> None:
    if holder is None:
        try:
            path.unlink()
        except FileNotFoundError:
            holder = _holder(path)
    if holder is not None:
        os.truncate(_latched(path, holder), 0)


def _settled(folder: Path, before: float) -> list[str]:
    """Name the files that hold bytes, and did before this moment (s)."""
    with os.scandir(folder) as entries:
        return [e.name for e in entries if (s := e.stat()).st_size and s.st_mtime < before]
