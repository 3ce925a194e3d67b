"""Latches on a real disk: one holder, whoever asks, together or apart."""

from __future__ import annotations

import asyncio
import errno
import os
from typing import TYPE_CHECKING

import pytest

from core.blobs.filesystem import FileBlobs
from core.errors import Unavailable
from core.link import SecretId

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 4_000_000_000_000


@pytest.fixture
async def blobs(tmp_path: Path) -> FileBlobs:
    """Give a store of blobs."""
    blobs = FileBlobs(tmp_path / "blobs")
    await blobs.start()
    return blobs


async def test_latches_of_several_days_are_taken_together(blobs: FileBlobs) -> None:
    """One group may hold latches of any secrets; each gets its own answer."""
    wishes = [(SecretId.random(), LIMIT + n % 3 * 86_400_000, f"claim {n}") for n in range(30)]
    holders = await asyncio.gather(*(blobs.latch(*wish) for wish in wishes))
    assert holders == [claim for *_, claim in wishes]


async def test_day_that_refuses_refuses_for_itself(blobs: FileBlobs, tmp_path: Path) -> None:
    """Latches of other days, asked for in the same moment, are taken all the same."""
    (tmp_path / "blobs" / "20961002").touch()  # no folder
    days = [LIMIT, LIMIT + 86_400_000]
    asked = [blobs.latch(SecretId.random(), days[n % 2], f"claim {n}") for n in range(10)]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert told[1::2] == [f"claim {n}" for n in range(1, 10, 2)]
    assert all(isinstance(one, Unavailable) for one in told[::2])


async def test_disk_that_refuses_is_told(blobs: FileBlobs, tmp_path: Path) -> None:
    """Where no latch can be made, nobody is told to hold one."""
    (tmp_path / "blobs").rename(tmp_path / "away")
    with pytest.raises(Unavailable):
        await blobs.latch(SecretId.random(), LIMIT, "claim")


async def test_disk_without_latches_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no symbolic link can be made, nothing starts that could open nothing."""

    def refuse(*_args: object, **_more: object) -> None:
        raise OSError(errno.EPERM, "no symbolic links here")

    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(Unavailable):
        await FileBlobs(tmp_path / "blobs").start()
