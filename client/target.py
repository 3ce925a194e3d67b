"""Where a received secret goes: a file that appears when it is complete, or standard output."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
import tempfile
from codecs import getincrementaldecoder
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from client.failure import Exit, Failure
from client.terminal import harmless
from core.language import _
from core.quantities import show_size

if TYPE_CHECKING:
    from collections.abc import Iterator


class Target(Protocol):
    """Takes the bytes in order; `finish` makes them last, and tells the file, if it is one."""

    async def write(self, piece: bytes) -> None: ...

    async def finish(self) -> Path | None: ...


class Output:
    """Standard output. A terminal gets a text that it can't be tricked by; a pipe, the bytes."""

    def __init__(self) -> None:
        self._shows = sys.stdout.isatty()
        self._text = getincrementaldecoder("utf-8")(errors="replace")
        self._last = "\n"

    async def write(self, piece: bytes) -> None:
        """Write it out.

        Raises:
            Failure: nobody reads it.
        """
        if self._shows:
            piece = self._seen(piece)
        try:
            await asyncio.to_thread(self._put, piece)
        except OSError as error:
            sentence = _("It can not be written out: {why}").format(why=error.strerror)
            raise Failure(sentence, Exit.LOCAL) from None

    async def finish(self) -> Path | None:
        """Let a terminal's prompt stand on a line of its own."""
        if self._shows and self._last != "\n":
            await self.write(b"\n")
        return None

    def _seen(self, piece: bytes) -> bytes:
        text = harmless(self._text.decode(piece), lines=True)
        self._last = text[-1:] or self._last
        return text.encode()

    @staticmethod
    def _put(piece: bytes) -> None:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


class File:
    """A file for its owner alone, under another name until it is complete."""

    def __init__(self, path: Path, part: Path, descriptor: int, *, force: bool) -> None:
        self._path = path
        self._part = part
        self._descriptor = descriptor
        self._force = force

    @classmethod
    @contextmanager
    def at(cls, path: Path, size: int, *, force: bool) -> Iterator[File]:
        """Have a place for a file of `size` bytes in the block; what is not finished is removed.

        Raises:
            Failure: there is none.
        """
        part: str | None = None
        try:
            if size > shutil.disk_usage(path.parent).free:
                sentence = _("There is no room for {size} here. Nothing was opened.")
                raise Failure(sentence.format(size=show_size(size)), Exit.LOCAL)
            descriptor, part = tempfile.mkstemp(".part", ".onetimeshare-", path.parent)
        except OSError as error:
            raise _unwritable(path, error) from None
        try:
            yield cls(path, Path(part), descriptor, force=force)
        finally:
            os.close(descriptor)
            Path(part).unlink(missing_ok=True)

    async def write(self, piece: bytes) -> None:
        """Add a piece.

        Raises:
            Failure: the disk does not take it.
        """
        try:
            await asyncio.to_thread(self._put, memoryview(piece))
        except OSError as error:
            raise _unwritable(self._path, error) from None

    async def finish(self) -> Path | None:
        """Make it last on the disk, and give it its name, or the next free one beside it.

        Raises:
            Failure: the disk does not take it.
        """
        try:
            return await asyncio.to_thread(self._settle)
        except OSError as error:
            raise _unwritable(self._path, error) from None

    def _put(self, piece: memoryview) -> None:
        while piece:
            piece = piece[os.write(self._descriptor, piece) :]

    def _settle(self) -> Path:
        os.fsync(self._descriptor)
        path = self._path if self._force else _reserved(self._path)
        self._part.replace(path)
        _keep(path.parent)
        return path


def _keep(folder: Path) -> None:
    """Make names last: the server destroys what this command says is here."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check(path: Path, *, force: bool) -> None:
    """Refuse a named place before anything is opened.

    Raises:
        Failure: something is there, or nothing can be put there.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            sentence = _("{path} is there and no file: write to standard output with -o -")
            raise Failure(sentence.format(path=path), Exit.LOCAL)
        if not force:
            sentence = _("{path} is there already: --force replaces it. Nothing was opened.")
            raise Failure(sentence.format(path=path), Exit.LOCAL)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        sentence = _("Nothing can be written into {folder}. Nothing was opened.")
        raise Failure(sentence.format(folder=path.parent), Exit.LOCAL)


def _reserved(path: Path) -> Path:
    """Make an empty file of this name, or with a number in it, where none was."""
    free, number = path, 0
    while True:
        try:
            free.touch(0o600, exist_ok=False)
        except FileExistsError:
            number += 1
            free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        else:
            return free


def _unwritable(path: Path, error: OSError) -> Failure:
    sentence = _("{path} can not be written: {why}").format(path=path, why=error.strerror)
    return Failure(sentence, Exit.LOCAL)
