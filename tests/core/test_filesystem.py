"""The blob store on a disk where something always comes between."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.blobs.filesystem import HEAD, FileBlobs
from core.clock import now_ms
from core.errors import Unavailable
from core.link import SecretId
from tests.contents import pieces

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LIMIT = 4_000_000_000_000
LATER = LIMIT  # a moment (ms) at which everything is old


@pytest.fixture
async def blobs(tmp_path: Path) -> FileBlobs:
    """Give a store of blobs."""
    blobs = FileBlobs(tmp_path / "blobs")
    await blobs.start()
    return blobs


def lying(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_put_that_was_given_up_leaves_nothing(blobs: FileBlobs, tmp_path: Path) -> None:
    """However far it had come, a cancelled put leaves no blob, neither half nor whole."""
    for moment in range(60):
        putting = asyncio.create_task(blobs.put(SecretId.random(), LIMIT, pieces(bytes(100_000))))
        await asyncio.sleep(moment / 20_000)
        kept = not putting.cancel()
        await asyncio.wait([putting])
        assert len(lying(tmp_path)) == kept
        for path in lying(tmp_path):
            path.unlink()


async def test_slow_source_is_no_dead_one(
    blobs: FileBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob whose bytes come slowly is not swept while it is written, but shows that it lives."""
    monkeypatch.setattr("core.blobs.filesystem.SIGN", 0.01)
    name, go_on = SecretId.random(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield bytes(HEAD + 1)
        await go_on.wait()

    putting = asyncio.create_task(blobs.put(name, LIMIT, slowly()))
    draft = tmp_path / "blobs" / "incoming" / str(name)
    while not draft.exists():
        await asyncio.sleep(0.01)
    os.utime(draft, (1, 1))
    async with asyncio.timeout(5):
        while draft.stat().st_mtime == 1:
            await asyncio.sleep(0.01)
    await blobs.sweep(now_ms())
    go_on.set()
    await putting
    assert await blobs.has(name, LIMIT)


async def test_blob_that_the_system_let_go_of_is_read_from_the_disk(
    blobs: FileBlobs, tmp_path: Path
) -> None:
    """Whether it is in the system's memory or only on the disk, the same bytes come."""
    name, sealed = SecretId.random(), os.urandom(HEAD + 100_000)
    await blobs.put(name, LIMIT, pieces(sealed))
    [path] = lying(tmp_path)
    async with blobs.open(name, LIMIT) as blob:
        assert await blob.read(HEAD, 100_000) == sealed[HEAD:]
        if sys.platform == "linux":
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        assert await blob.read(HEAD, 100_000) == sealed[HEAD:]


async def test_draft_that_was_deleted_is_no_damage(blobs: FileBlobs, tmp_path: Path) -> None:
    """Who still hands it in is told to send it again, not that a secret is damaged."""

    async def deleted() -> AsyncIterator[bytes]:
        yield bytes(HEAD + 1)
        yield b"sealed"
        [draft] = lying(tmp_path)
        draft.unlink()

    with pytest.raises(Unavailable):
        await blobs.put(SecretId.random(), LIMIT, deleted())


async def test_walk_passes_over_what_is_no_blob_and_what_has_gone(
    blobs: FileBlobs, tmp_path: Path
) -> None:
    """A file that is not ours, or a blob shredded during the walk, keeps no other from its end."""
    name = SecretId.random()
    await blobs.put(name, LIMIT, pieces(b"sealed"))
    await blobs.latch(name, LIMIT, "claim")
    [blob] = lying(tmp_path)
    blob.with_name(".nfs0000000100000002").touch()
    blob.with_name(str(SecretId.random())).symlink_to("gone")  # listed, but there is no such file
    assert [found.secret_id async for found in blobs.settled(LATER)] == [name]


async def test_blob_that_can_not_be_read_costs_no_handle(blobs: FileBlobs, tmp_path: Path) -> None:
    """A disk that opens a blob and then fails to read it is told, and nothing stays open."""
    name = SecretId.random()
    await blobs.put(name, LIMIT, pieces(b"sealed"))
    [blob] = lying(tmp_path)
    blob.unlink()
    blob.mkdir()  # can be opened, and not be read
    before = handles()
    for _ in range(3):
        with pytest.raises(Unavailable):
            async with blobs.open(name, LIMIT):
                pass
    assert handles() == before
