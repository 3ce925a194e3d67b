"""What is shared: a file, or what comes in on standard input."""

from __future__ import annotations

import asyncio
import codecs
import mimetypes
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from client.failure import Exit, Failure
from core.language import _
from core.secret import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

PIECE = 256 * 1024
STDIN = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes that are read once. `size` is None where only the end tells it."""

    descriptor: int
    kind: Kind
    name: str
    size: int | None

    @classmethod
    @contextmanager
    def of(cls, path: str, name: str | None) -> Iterator[Source]:
        """Have a file open in the block; `-` is standard input, a text unless it has a name.

        Raises:
            Failure: it can't be read.
        """
        if path == "-":
            kind = Kind.TEXT if name is None else Kind.FILE
            yield cls(STDIN, kind, name or "", _rest(STDIN))
            return
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else ""
            sentence = _("{path} can not be read: {why}").format(path=path, why=why)
            raise Failure(sentence, Exit.LOCAL) from None
        try:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                sentence = _("{path} is a folder: make an archive of it, and share that.")
                raise Failure(sentence.format(path=path), Exit.LOCAL)
            yield cls(descriptor, Kind.FILE, name or Path(path).name, _rest(descriptor))
        finally:
            os.close(descriptor)

    @property
    def type(self) -> str:
        """The media type, for a file the one that its name suggests."""
        if self.kind is Kind.TEXT:
            return "text/plain"
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Read it, never more than `size`.

        Raises:
            Failure: it broke off, shrank meanwhile, or is a text that is not UTF-8.
        """
        left, text = self.size, codecs.getincrementaldecoder("utf-8")()
        while left is None or left > 0:
            if not (piece := await self._piece(PIECE if left is None else min(PIECE, left))):
                break
            if self.kind is Kind.TEXT:
                _check(text, piece)
            left = None if left is None else left - len(piece)
            yield piece
        if left:
            raise Failure(_("It became shorter while it was read. Share it again."), Exit.LOCAL)
        if self.kind is Kind.TEXT:
            _check(text, b"", final=True)

    async def _piece(self, most: int) -> bytes:
        await _readable(self.descriptor)
        try:
            return await asyncio.to_thread(os.read, self.descriptor, most)
        except OSError as error:
            sentence = _("What is to be shared can not be read: {why}").format(why=error.strerror)
            raise Failure(sentence, Exit.LOCAL) from None


def _rest(descriptor: int) -> int | None:
    """How much of a file is ahead; None for what has no size."""
    try:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode):
            return max(0, found.st_size - os.lseek(descriptor, 0, os.SEEK_CUR))
    except OSError:  # not even open
        sentence = _("There is no standard input: name a file.")
        raise Failure(sentence, Exit.USAGE) from None
    return None


def _check(text: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> None:
    try:
        text.decode(piece, final=final)
    except UnicodeDecodeError:
        sentence = _("This is not a text (UTF-8), so it needs the name of a file: add --name.")
        raise Failure(sentence, Exit.USAGE) from None


async def _readable(descriptor: int) -> None:
    """Wait for a pipe or a terminal outside of any thread, so that a signal ends the wait."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(descriptor, ready.set)
    except PermissionError:  # a plain file: always ready, and not to be waited for
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
