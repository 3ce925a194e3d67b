"""Latches as symbolic links that lead nowhere: a link's text says who holds the latch.

Making one is a single step of the file system, which only one can do, on a network's disk too.
Those that are asked for in the same moment become durable by one fsync.
"""

from __future__ import annotations

import errno
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from core.blobs.days import Days, in_thread, refused, sync
from core.together import Together

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

ENDING = ".latch"


class Latches:
    """`<id>.latch`, in the folder of its day."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._together = Together(self._take_all)

    async def take(self, name: str, limit: int, wanted: str) -> str:
        """Take a latch unless it is taken; say who holds it now. Durable when this returns."""
        return await self._together((self._path(name, limit), wanted))

    async def holder(self, name: str, limit: int) -> str | None:
        """Say who holds a latch."""
        return await in_thread(holder, self._path(name, limit))

    async def aclose(self) -> None:
        """Wait for what is under way."""
        await self._together.aclose()

    def _path(self, name: str, limit: int) -> Path:
        return self._days.path(name + ENDING, limit)

    async def _take_all(self, wishes: Sequence[tuple[Path, str]]) -> Sequence[str | Exception]:
        return await in_thread(self._make_all, wishes)

    def _make_all(self, wishes: Sequence[tuple[Path, str]]) -> list[str | Exception]:
        folders = {latch.parent for latch, _ in wishes}
        refusals = _refusals(self._days.make, folders)
        told = [refusals.get(latch.parent) or _taken(latch, wanted) for latch, wanted in wishes]
        # Also where it was taken before: that try may have ended between the two steps.
        refusals |= _refusals(sync, folders - refusals.keys())
        return [
            refusals.get(latch.parent, answer)
            for (latch, _), answer in zip(wishes, told, strict=True)
        ]


def _refusals(do: Callable[[Path], None], folders: Collection[Path]) -> dict[Path, Exception]:
    """Do it to each folder; tell where the disk refused, as the others have no part in that."""
    told: dict[Path, Exception] = {}
    for folder in folders:
        try:
            do(folder)
        except OSError as error:
            told[folder] = refused(error)
    return told


def _taken(latch: Path, wanted: str) -> str | Exception:
    try:
        return take(latch, wanted)
    except OSError as error:
        return refused(error)


def take(latch: Path, wanted: str) -> str:
    """Make the link unless it is there; say whose it is."""
    with suppress(FileExistsError):
        latch.symlink_to(wanted)
    return str(latch.readlink())


def holder(latch: Path) -> str | None:
    """Say whose the link is."""
    with suppress(FileNotFoundError):
        return str(latch.readlink())
    return None


def probe(folder: Path) -> None:
    """Make sure that a latch can be had here, and only once.

    Raises:
        OSError: this file system knows no symbolic links, or makes one over another.
    """
    latch = folder / f"{secrets.token_hex(8)}{ENDING}"
    try:
        if [take(latch, "first"), take(latch, "second")] != ["first", "first"]:
            raise OSError(errno.ENOTSUP, "a second latch took the place of the first")
    finally:
        latch.unlink(missing_ok=True)
