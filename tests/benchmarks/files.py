"""Files up and down against a server that only copies them to and from its disk."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks import process, transfer
from tests.benchmarks.scale import MB
from tests.benchmarks.servers import fleet, folders
from tests.benchmarks.table import Table, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.benchmarks.scale import Scale
    from tests.benchmarks.servers import Fleet

WAYS = ("up", "down")
WANTED = {"up": 0.7, "down": 0.8}
PROMISED = 100 * MB  # the size that the targets speak of
SPARE = 3_000 * MB  # of the disk beside the files
HEADERS = (
    *("size", "way", "rounds", "copying MB/s", "ours MB/s", "of copying"),
    *("copying CPU s/GB", "ours CPU s/GB", "ours MB above rest"),
)


@dataclass(slots=True)
class _Side:
    """A server, and what each transfer of one size took, by its way."""

    fleet: Fleet
    took: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(WAYS, 0.0))
    above: dict[str, float] = field(default_factory=lambda: dict.fromkeys(WAYS, 0.0))

    async def round(self, size: int) -> None:
        """Send one file, and fetch it again."""
        port, pid = self.fleet.ports[0], self.fleet.pid
        rest, used = self._begin(pid)
        seconds, secret = await asyncio.to_thread(transfer.upload, port, size)
        self._note("up", seconds, rest, used)
        rest, used = self._begin(pid)
        seconds = await asyncio.to_thread(transfer.download, port, secret, size)
        self._note("down", seconds, rest, used)

    def _begin(self, pid: int) -> tuple[float, float]:
        process.forget_peak(pid)
        return process.resident(pid), self._used()

    def _note(self, way: str, seconds: float, rest: float, used: float) -> None:
        self.took[way].append(seconds)
        self.cpu[way] += self._used() - used
        self.above[way] = max(self.above[way], process.peak(self.fleet.pid) - rest)

    def _used(self) -> float:
        redis = self.fleet.redis
        return self.fleet.cpu() + (process.cpu(redis) if redis is not None else 0.0)

    def ratio(self, way: str, other: _Side) -> float:
        """Compare speeds within each round; the median."""
        pairs = zip(self.took[way], other.took[way], strict=True)
        return median(theirs / ours for ours, theirs in pairs)


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give one table of all sizes that the disk has room for."""
    table = Table(
        "Files",
        "one at a time, raw, each durable before it is acknowledged; interleaved rounds, medians",
        HEADERS,
    )
    async with (
        folders() as folder,
        fleet(folder / "copying", "copying") as copying,
        fleet(folder / "ours", "ours", MAX_FILE_SIZE="2GB") as ours,
    ):
        for size, rounds in scale.sizes.items():
            if not _room(folder, size):
                table.remarks.append(f"{_shown(size)}: left out, the disk has no room for it.")
                continue
            sides = _Side(copying), _Side(ours)
            await _Side(ours).round(MB)  # what is loaded once
            for number in range(rounds):
                for side in sides if number % 2 else sides[::-1]:
                    await side.round(size)
            _add(table, size, *sides)
    yield table


def _room(folder: Path, size: int) -> bool:
    return shutil.disk_usage(folder).free > 2 * size + SPARE


def _add(table: Table, size: int, copying: _Side, ours: _Side) -> None:
    for way in WAYS:
        rounds, above = len(ours.took[way]), ours.above[way]
        speeds = [size / 1e6 / median(side.took[way]) for side in (copying, ours)]
        costs = [side.cpu[way] * 1e9 / size / rounds for side in (copying, ours)]
        ratio = ours.ratio(way, copying)
        table.rows.append((_shown(size), way, rounds, *speeds, ratio, *costs, above))
        if size == PROMISED:
            wanted = WANTED[way]
            table.targets.append(Target(f"100 MB {way}, of only copying:", wanted, ratio))


def _shown(size: int) -> str:
    return f"{size // MB:,} MB"
