"""Latches as symbolic links that lead nowhere: a link's text says who holds the latch.

Making one is a single step of the file system, which only one can do, on a network's disk too.
Those that are asked for in the same moment become durable by one fsync.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from core.blobs.days import Days, in_thread, refused
from core.together import Together

if TYPE_CHECKING:
    from collections.abc import Sequence
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
        folders: dict[Path, list[int]] = {}
        for number, (latch, _) in enumerate(wishes):
            folders.setdefault(latch.parent, []).append(number)
        told: dict[int, str | Exception] = {}
        for folder, numbers in folders.items():
            answers = self._make_in(folder, [wishes[number] for number in numbers])
            told |= zip(numbers, answers, strict=True)
        return [told[number] for number in range(len(wishes))]

    def _make_in(
        self, folder: Path, wishes: Sequence[tuple[Path, str]]
    ) -> Sequence[str | Exception]:
        """Make those of one day. Each call of the system waits for the interpreter after it."""
        try:
            with self._days.opened(folder) as handle:
                told = [_taken(latch.name, wanted, handle) for latch, wanted in wishes]
                # Also where it was taken before: that try may have ended between the two steps.
                os.fsync(handle)
        except OSError as error:  # the other days have no part in that
            return [refused(error)] * len(wishes)
        return told


def _taken(latch: str, wanted: str, folder: int) -> str | Exception:
    try:
        return take(latch, wanted, folder)
    except OSError as error:
        return refused(error)


def take(latch: str | Path, wanted: str, folder: int | None = None) -> str:
    """Make the link unless it is there, in an open folder perhaps; say whose it is."""
    try:
        os.symlink(wanted, latch, dir_fd=folder)
    except FileExistsError:
        return os.readlink(latch, dir_fd=folder)
    return wanted


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
