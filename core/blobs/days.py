"""A folder for each day on which secrets reach their limit, and how its files become durable."""

from __future__ import annotations

import array
import asyncio
import errno
import fcntl
import os
import sys
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from core.errors import Corrupt, OneTimeShareError, StorageFull, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

DAY = 24 * 60 * 60 * 1000  # ms
REMEMBERED = 400  # days whose folders' names are kept
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Linux' ioctl_iflags(2), as `chattr +T` uses them.
_GET_FLAGS, _SET_FLAGS, _TOP_OF_A_HIERARCHY = 0x80086601, 0x40086602, 0x00020000


class Days:
    """The folders, named `yyyymmdd`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._durable: set[Path] = set()
        self._folder = lru_cache(REMEMBERED)(self._named)  # by the number of the day

    def path(self, name: str, limit: int) -> Path:
        """Tell where the file of a secret with this limit (ms) lies."""
        return self._folder(limit // DAY) / name

    def _named(self, day: int) -> Path:
        return self.root / f"{datetime.fromtimestamp(day * DAY / 1000, UTC):%Y%m%d}"

    def make(self, folder: Path) -> None:
        """Make a day's folder, durable when this returns; again it costs nothing."""
        if folder not in self._durable or not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync(self.root)  # also when another process made it: it may not have come this far
            self._durable.add(folder)

    @contextmanager
    def opened(self, folder: Path) -> Iterator[int]:
        """Have a day's folder open in the block, and durable; it is made where there is none."""
        if folder not in self._durable:
            self.make(folder)
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # somebody deleted it since
            self.make(folder)
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield handle
        finally:
            os.close(handle)

    def all(self) -> list[Path]:
        return [folder for folder in self.root.iterdir() if folder.name.isdecimal()]


def last_moment(day: Path) -> int:
    """Tell the last moment (ms) of a day's folder."""
    end = datetime.strptime(day.name, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    return int(end.timestamp() * 1000) - 1


def sync(folder: Path) -> None:
    """Make the names in a folder as durable as the files."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def spread(root: Path) -> None:
    """Let each folder in it be laid out on a free part of the disk, where the system can do that.

    Where many files were deleted just now, ext4 looks for a new file's inode past all of those:
    a latch took 20 times as long next to them. Other systems neither need nor know it.
    """
    if sys.platform == "linux":
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        flags = array.array("L", [0])
        with suppress(OSError):
            fcntl.ioctl(handle, _GET_FLAGS, flags)
            flags[0] |= _TOP_OF_A_HIERARCHY
            fcntl.ioctl(handle, _SET_FLAGS, flags)
        os.close(handle)


async def in_thread(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a call off the loop. A cancelled caller still waits: no thread works behind its back.

    Raises:
        Corrupt: a file is not there.
        StorageFull, Unavailable: the disk says no.
    """
    # As `asyncio.to_thread` does, but for its task and its context: this is in every opening.
    work = asyncio.get_running_loop().run_in_executor(None, partial(call, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
    except FileNotFoundError:
        raise Corrupt from None
    except OSError as error:
        raise refused(error) from error


def refused(error: OSError) -> OneTimeShareError:
    """Name what the disk's refusal means."""
    failure = StorageFull() if error.errno in FULL else Unavailable()
    failure.__cause__ = error
    return failure
