"""A streamed zip: what goes in comes out under safe names, in as many bytes as was said."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from core.archive import Archive, Entry
from core.errors import SourceFailed
from tests.contents import gathered, pieces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def entry(name: str, body: bytes, size: int | None = -1) -> Entry:
    return Entry(name, len(body) if size == -1 else size, pieces(body))


async def test_files_come_out_as_they_went_in_and_the_size_is_known_before() -> None:
    """Any unzipper finds every byte, and no time of ours; the text that came with them is first."""
    bodies = {"a.bin": os.urandom(200_000), "empty": b"", "日本語.txt": b"x" * 65_536}
    archive = Archive([entry(*one) for one in bodies.items()], "what it is: ü")
    told = archive.size
    data = await gathered(archive)
    assert told == len(data)
    with ZipFile(BytesIO(data)) as read:
        assert read.testzip() is None
        assert read.namelist() == ["message.txt", *bodies]
        assert read.read("message.txt").decode() == "what it is: ü"
        assert [read.read(name) for name in bodies] == list(bodies.values())
        assert {info.date_time[0] for info in read.infolist()} == {1980}


async def test_sizes_are_known_beyond_two_gigabytes() -> None:
    """The format's longer fields are counted too, in entries, in the directory and at the end."""
    size, block = 2**31 + 5, bytes(2**24)

    async def long() -> AsyncIterator[bytes]:
        for start in range(0, size, len(block)):
            yield block[: size - start]

    archive = Archive([Entry("long", size, long()), entry("b", b"b")])
    told, got, most = archive.size, 0, 0
    async for piece in archive:
        got, most = got + len(piece), max(most, len(piece))
    assert told == got
    assert most < len(block) + 1000


async def test_names_are_safe_and_none_hides_another() -> None:
    """No way out of the folder, no device, no control character; alike ones get numbers."""
    given = ["../../etc/passwd", "C:\\x\\passwd", "PASSWD", "a\nb\u202e.txt", "ab.txt", "con"]
    given += ["message.txt", "", ".env", ".ENV"]
    archive = Archive([entry(name, b"") for name in given], "text")
    with ZipFile(BytesIO(await gathered(archive))) as read:
        assert read.namelist() == [
            *("message.txt", "passwd", "passwd (2)", "PASSWD (3)", "ab.txt", "ab (2).txt"),
            *("_con", "message (2).txt", "file", ".env", ".ENV (2)"),
        ]


@pytest.mark.parametrize("size", [99, 101])
async def test_file_that_ends_elsewhere_than_announced_broke_off(size: int) -> None:
    """A part that is cut or goes on spoils the whole: half an album is none."""
    with pytest.raises(SourceFailed):
        await gathered(Archive([entry("a", b"a"), entry("b", bytes(100), size)]))


async def test_file_of_unknown_size_is_taken() -> None:
    """Then nobody knows the size of the whole, and what comes out is read like any other."""
    archive = Archive([entry("a", b"a" * 70_000, None), entry("b", b"b")])
    assert archive.size is None
    with ZipFile(BytesIO(await gathered(archive))) as read:
        assert read.read("a") == b"a" * 70_000
        assert read.testzip() is None
