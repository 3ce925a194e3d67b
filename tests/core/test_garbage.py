"""What is done with memory that nobody uses."""

from __future__ import annotations

import asyncio
import os
import platform
from pathlib import Path

import pytest

from core.background import beside
from core.garbage import give_back

BLOCK, BLOCKS = 100_000, 500


def resident() -> int:
    """Tell how many bytes this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps it")
async def test_memory_goes_back_after_many_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was freed between things that stay is the system's again soon."""
    monkeypatch.setattr("core.garbage.EVERY", 0.01)
    blocks = [(bytes(BLOCK), bytes(1000)) for _ in range(BLOCKS)]
    kept = [small for _, small in blocks]
    del blocks
    before = resident()
    async with beside(give_back()), asyncio.timeout(10):
        while resident() > before - BLOCK * BLOCKS // 2:
            await asyncio.sleep(0.01)
    assert len(kept) == BLOCKS
