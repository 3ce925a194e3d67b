"""What is done with memory that nobody uses."""

from __future__ import annotations

import asyncio
import platform
import sys

import pytest

# In a process of its own: the heap of this one has room between what is there for small things.
MANY_TRANSFERS = """
import asyncio, os
from pathlib import Path
from core import garbage
from core.background import beside

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

async def main():
    garbage.EVERY = 0.01
    blocks = [(bytes(100_000), bytes(1000)) for _ in range(500)]
    kept = [small for _, small in blocks]
    del blocks
    before = resident()
    async with beside(garbage.give_back()), asyncio.timeout(10):
        while resident() > before - 25_000_000:
            await asyncio.sleep(0.01)

asyncio.run(main())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps it")
async def test_memory_goes_back_after_many_transfers() -> None:
    """What was freed between things that stay is the system's again soon."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", MANY_TRANSFERS)
    assert await process.wait() == 0
