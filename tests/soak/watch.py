"""What each process, Redis and the data folder hold, looked at every few seconds."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from tests.scrape import Scrape
from tests.soak.front import BROKEN
from tests.test_process import resident

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import ClientSession

    from tests.soak.timings import Timings
    from tests.soak.town import Town

FIGURES = ("memory", "files", "threads", "tasks")
WARM_UP = 60.0  # seconds of a life that are not looked at, at least; and a fifth of it
LONG = 120.0  # seconds after it that a life must have, to be judged
MOST = 60  # samples of a life that are compared with each other
# What may be more at the end of a life than at its beginning: bytes, and numbers of things.
# Files and tasks come and go with connections: those of clients, and at most 32 to Redis.
GROWTH = {"memory": 10_000_000, "files": 32, "threads": 3, "tasks": 15}


@dataclass(slots=True)
class Life:
    """A process from its start to its end, in samples: a moment, and each figure."""

    name: str
    pid: int
    began: float
    samples: list[tuple[float, dict[str, float]]] = field(default_factory=list)

    def growth(self, figure: str, timings: Timings) -> float | None:
        """Tell how much more there is at the end: Theil and Sen's slope, times the time.

        Only where the life is long enough, of calm moments only, after the warm-up.
        """
        if not self.samples:
            return None
        warm = self.began + max(WARM_UP, (self.samples[-1][0] - self.began) / 5)
        calm = [
            (at, values[figure])
            for at, values in self.samples
            if figure in values and at > warm and timings.calm(at, at)
        ]
        if len(calm) < MOST // 4 or calm[-1][0] - calm[0][0] < LONG:
            return None
        some = calm[:: max(1, len(calm) // MOST)]
        slopes = [
            (later - earlier) / (then - at)
            for number, (at, earlier) in enumerate(some)
            for then, later in some[number + 1 :]
        ]
        return median(slopes) * (calm[-1][0] - calm[0][0])

    def figures(self) -> set[str]:
        return {figure for _, values in self.samples for figure in values}

    def typical(self, figure: str) -> float:
        return median([values[figure] for _, values in self.samples if figure in values] or [0])

    def most(self, figure: str) -> float:
        return max([values[figure] for _, values in self.samples if figure in values] or [0])


class Watch:
    """Looks until it is cancelled."""

    def __init__(self, town: Town, client: ClientSession) -> None:
        self._town = town
        self._scrapes = {name: Scrape(client, port) for name, port in town.metrics.items()}
        self.lives: defaultdict[str, list[Life]] = defaultdict(list)
        self.redis: list[tuple[float, int, int]] = []  # a moment, keys, bytes
        self.disk: list[tuple[float, int, int]] = []  # a moment, files, bytes

    async def keep_looking(self, every: float) -> None:
        while True:
            await asyncio.gather(*(self._look(name) for name in self._town.members))
            await self._look_at_redis()
            files, size = await asyncio.to_thread(lying, self._town.data / "blobs")
            self.disk.append((time.monotonic(), files, size))
            await asyncio.sleep(every)

    async def _look(self, name: str) -> None:
        try:
            pid = self._town.members[name].pid
        except AssertionError:  # it is being killed just now; who kills it would see another end
            return
        lives = self.lives[name]
        if not lives or lives[-1].pid != pid:
            lives.append(Life(name, pid, time.monotonic()))
        try:
            values = await asyncio.to_thread(_figures, pid)
        except OSError:  # it is gone meanwhile
            return
        if name in self._scrapes:
            try:
                async with asyncio.timeout(10):
                    tasks = await self._scrapes[name]("event_loop_tasks")
            except (*BROKEN, AssertionError):
                tasks = None
            if tasks is not None:
                values["tasks"] = tasks
        lives[-1].samples.append((time.monotonic(), values))

    async def _look_at_redis(self) -> None:
        try:
            told = await self._town.redis.info("memory")
            keys = await self._town.redis.dbsize()
        except (RedisError, OSError):
            return
        self.redis.append((time.monotonic(), keys, told["used_memory"]))

    def leaks(self, timings: Timings) -> Iterator[str]:
        """Name what grew in a life that should not."""
        # Redis holds what was shared, for a day, and the connections that the others count.
        ours = [lives for name, lives in self.lives.items() if name != "redis"]
        for lives in ours:
            for life in lives:
                for figure in FIGURES:
                    grown = life.growth(figure, timings)
                    if grown is not None and grown > GROWTH[figure]:
                        yield f"{life.name}: {grown:+,.0f} {figure}"


def _figures(pid: int) -> dict[str, float]:
    proc = Path(f"/proc/{pid}")
    return {
        "memory": resident(pid),
        "files": sum(1 for _ in (proc / "fd").iterdir()),
        "threads": sum(1 for _ in (proc / "task").iterdir()),
    }


def lying(folder: Path) -> tuple[int, int]:
    """Count the files in a folder, and their bytes."""
    files = size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            files += 1
            try:
                size += (Path(root) / name).stat().st_size
            except FileNotFoundError:  # it went meanwhile
                files -= 1
    return files, size
