"""Several files as one zip, streamed and not compressed, so that its size is known beforehand.

Python's own `zipfile` writes it, into a sink that can't seek: then each entry's checksum follows
its bytes, and nothing is held back but the piece at hand. It is fed piece by piece, so that a slow
source suspends it like any other coroutine: no thread, no queue.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZIP64_LIMIT, ZipFile, ZipInfo

from core.errors import Malformed, SourceFailed
from core.policy import clean_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence

NAME = "files.zip"
TYPE = "application/zip"
MESSAGE = "message.txt"
MOST = 1000  # files of which nobody said beforehand how many they are

# Bytes around an entry and at the end (PKWARE APPNOTE 4.3), and what is added beyond 2 GiB.
LOCAL, DESCRIPTOR, CENTRAL, END = 30, 16, 46, 22
LOCAL_64, DESCRIPTOR_64, EXTRA_64, FIELD_64, END_64 = 20, 8, 4, 8, 76


@dataclass(frozen=True, slots=True)
class Entry:
    """One file; `size` in bytes, None where nobody knows it before its end."""

    name: str = field(repr=False)
    size: int | None
    content: AsyncIterable[bytes] = field(repr=False)


class Archive:
    """A zip of files and, first in it, of the text that came with them. To be read once.

    Reading it raises what the files raise, and SourceFailed where one has not its announced size.
    """

    def __init__(self, files: Sequence[Entry], text: str = "") -> None:
        self.names = [file.name for file in files]
        entries = list(files)
        if text:
            message = text.encode(errors="replace")
            entries.insert(0, Entry(MESSAGE, len(message), _once(message)))
        names = _Names()
        self._entries = [replace(entry, name=names.take(entry.name)) for entry in entries]

    @property
    def size(self) -> int | None:
        """How many bytes it will have; None where a file's size is not known."""
        total = directory = 0
        for entry in self._entries:
            if entry.size is None:
                return None
            length = len(entry.name.encode())
            large = [entry.size > ZIP64_LIMIT] * 2 + [total > ZIP64_LIMIT]
            directory += CENTRAL + length + any(large) * EXTRA_64 + sum(large) * FIELD_64
            total += LOCAL + length + entry.size + DESCRIPTOR
            total += large[0] * (LOCAL_64 + DESCRIPTOR_64)
        return total + directory + END + (max(total, directory) > ZIP64_LIMIT) * END_64

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield its bytes, in pieces not much larger than those of the files."""
        async for piece in _zipped(_each(self._entries)):
            yield piece


class Arriving(Archive):
    """A zip of files that come one after the other: nobody knows yet how many, and how long.

    Whoever brings them checks their names. At most `MOST` are taken: the directory at the end,
    which lists them all, is kept in memory until then.

    Raises while it is read:
        Malformed: there are more.
    """

    def __init__(self, files: AsyncIterable[Entry]) -> None:
        super().__init__([])
        self._files = files

    @property
    def size(self) -> None:
        """Nobody knows."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield its bytes while the files arrive."""
        async for piece in _zipped(self._counted()):
            yield piece

    async def _counted(self) -> AsyncIterator[Entry]:
        count, names = 0, _Names()
        async for file in self._files:
            count += 1
            if count > MOST:
                raise Malformed(f"form: send at most {MOST} files")
            yield replace(file, name=names.take(file.name))


async def _zipped(entries: AsyncIterable[Entry]) -> AsyncIterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        async for entry in entries:
            large = entry.size is None or entry.size > ZIP64_LIMIT
            # A ZipInfo of its own has the year 1980 for its time: when is nobody's business.
            with archive.open(ZipInfo(entry.name), "w", force_zip64=large) as out:
                async for piece in _whole(entry):
                    out.write(piece)
                    yield sink.take()
    yield sink.take()


async def _each(entries: Iterable[Entry]) -> AsyncIterator[Entry]:
    for entry in entries:
        yield entry


class _Sink:
    """What `zipfile` writes to: it can't seek, and gives away what it has."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes, /) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


async def _whole(entry: Entry) -> AsyncIterator[bytes]:
    got = 0
    async for piece in entry.content:
        got += len(piece)
        if entry.size is not None and got > entry.size:
            raise SourceFailed
        yield piece
    if entry.size is not None and got != entry.size:
        raise SourceFailed


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


class _Names:
    """Makes names safe, and numbers those that are taken, as most systems see it: in any case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        free, number = clean_name(name), 1
        path = PurePosixPath(free)
        while free.casefold() in self._taken:
            number += 1
            free = f"{path.stem} ({number}){path.suffix}"
        self._taken.add(free.casefold())
        return free
