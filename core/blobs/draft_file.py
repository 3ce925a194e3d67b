"""A blob's file while it is written: not under its name yet."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from core.blobs.days import sync

if TYPE_CHECKING:
    from pathlib import Path

    from core.blobs.days import Days


class DraftFile:
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

    def keep(self, rest: bytes, days: Days, path: Path) -> None:
        """Write the rest and give the blob its name: after this it is durable."""
        self.write(rest)
        if self._handle is not None:
            os.fsync(self._handle)
            self._close()
        days.make(path.parent)
        try:
            self._path.rename(path)
        except FileNotFoundError:  # no damage to a secret: there is none yet
            raise OSError(errno.ESTALE, "the draft of a blob was deleted") from None
        self._path = path  # what fails or is given up from here on must not leave it there
        sync(path.parent)

    def touch(self) -> None:
        """Show that it is being written."""
        with suppress(FileNotFoundError):
            os.utime(self._path)

    def drop(self) -> None:
        self._close()
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)
