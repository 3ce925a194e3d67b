"""What the commands need of memory, whatever the size of what passes through."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.client.command import Person


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_memory_stays_flat(sender: Person, recipient: Person) -> None:
    """100 MB go up and down in less than 40 MB above what a byte takes."""
    (sender.folder / "small").write_bytes(b"x")
    with (sender.folder / "large").open("wb") as large:
        large.truncate(100_000_000)
    _, idle = await peak(sender, "share", "small")
    link, up = await peak(sender, "share", "large")
    _, down = await peak(recipient, "open", given=link)
    assert (recipient.folder / "large").stat().st_size == 100_000_000
    assert max(up, down) - idle < 40_000_000, (idle, up, down)


async def peak(person: Person, *arguments: str, given: bytes = b"") -> tuple[bytes, int]:
    """Run a command; answer its output, and the most memory that it ever had."""
    process, most = await person.starts(*arguments), 0
    ending = asyncio.create_task(process.communicate(given))
    while not ending.done():
        most = max(most, highest(process.pid))
        await asyncio.sleep(0.005)
    out, err = await ending
    assert process.returncode == 0, err
    return out, most


def highest(process: int) -> int:
    """Read the most memory that a process ever had, in bytes; 0 when it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
