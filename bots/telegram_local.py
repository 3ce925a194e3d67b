"""Files that a Bot API server of one's own keeps on its disk: read there, then wiped."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from core.errors import DoorClosed, SourceFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import BinaryIO

log = structlog.get_logger()

PIECE = 256 * 1024
NO_FOLDER = (
    "TELEGRAM_LOCAL_FILES names no folder that this process can read and change. "
    "Mount the folder of the Bot API server here under the same path (docs/telegram.md)."
)


def check(folder: Path) -> None:
    """Make sure that files can be read and wiped there.

    Raises:
        DoorClosed: with a sentence that says what to do.
    """
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise DoorClosed(NO_FOLDER)


async def stream(path: str, folder: Path, size: int | None) -> AsyncIterator[bytes]:
    """Stream a file in pieces of at most 256 KiB; it is wiped in the end, whatever comes of it.

    Wiped, it is still Telegram's: the server fetches it again where it is asked for once more.

    Args:
        path: as the server told it; nothing outside of `folder` is touched.
        folder: where the server keeps its files.
        size: what the server declared, in bytes; a file that ends elsewhere broke off.

    Raises:
        SourceFailed: it lies elsewhere, can't be read, or is not whole.
    """
    inside = await asyncio.to_thread(_inside, path, folder)
    got = 0
    try:
        file = await asyncio.to_thread(_open, inside)
        try:
            while piece := await asyncio.to_thread(file.read, PIECE):
                got += len(piece)
                yield piece
        finally:
            file.close()
    except OSError as error:
        log.warning("telegram file unreadable", error=type(error).__name__)
        raise SourceFailed from None  # the cause would print the path, which holds the token
    finally:
        await asyncio.shield(asyncio.to_thread(_wipe, inside))
    if size is not None and got != size:
        raise SourceFailed


def _inside(path: str, folder: Path) -> Path:
    with suppress(OSError, ValueError):
        real = Path(path).resolve(strict=True)
        if real.is_relative_to(folder.resolve()) and real.is_file():
            return real
    log.warning("telegram file is not in TELEGRAM_LOCAL_FILES")
    raise SourceFailed


def _open(path: Path) -> BinaryIO:
    return path.open("rb", buffering=0)


def _wipe(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("telegram file not wiped", error=type(error).__name__)
