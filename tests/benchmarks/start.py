"""A cold start: from the command to the first answer."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks.calls import CALLS
from tests.benchmarks.client import ask
from tests.benchmarks.external import DURABLE, external_redis
from tests.benchmarks.servers import COMMANDS, READY_WITHIN, environment, folders, free_port, server
from tests.benchmarks.table import Table, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.benchmarks.scale import Scale

ALIVE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
WANTED = 1.0  # seconds
BARE, OWN, GIVEN = "bare aiohttp handler", "ours, embedded Redis", "ours, another's Redis"


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give the seconds of each, on folders that were not there before."""
    took: dict[str, list[float]] = {BARE: [], OWN: [], GIVEN: []}
    async with folders() as folder, external_redis(folder / "redis", *DURABLE) as url:
        for number in range(scale.rounds):
            for what, times in took.items():
                name = "bare" if what == BARE else "ours"
                given = {"REDIS_URL": url, "SECRET_KEY": "A" * 43} if what == GIVEN else {}
                times.append(await _start(folder / f"{what} {number}", name, given))
    table = Table(
        "Cold start",
        f"from the command to the first answer of /healthz, its files in the system's cache; "
        f"{scale.rounds} interleaved rounds, medians",
        ("what", "seconds"),
    )
    table.rows = [(what, median(times)) for what, times in took.items()]
    table.targets = [Target(f"{w}, s:", WANTED, median(took[w]), most=True) for w in (OWN, GIVEN)]
    yield table


def _prepare(folder: Path) -> None:
    folder.mkdir()
    for call in CALLS:  # what the bare one answers
        (folder / call).touch()


async def _start(folder: Path, name: str, given: dict[str, str]) -> float:
    await asyncio.to_thread(_prepare, folder)
    port = free_port()
    started = time.perf_counter()
    async with server(folder, COMMANDS[name], environment(given | {"PORT": str(port)})):
        async with asyncio.timeout(READY_WITHIN):
            while True:
                try:
                    await ask(port, ALIVE)
                except OSError:
                    await asyncio.sleep(0.002)
                else:
                    return time.perf_counter() - started
