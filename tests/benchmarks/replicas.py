"""One, two and four web processes on one Redis and one data folder."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tests.benchmarks.contest import contest
from tests.benchmarks.servers import fleet, folders
from tests.benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.scale import Scale

CLIENTS = 64
PAIR = ("create", "open")


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give what each number of processes does."""
    table = Table(
        "Replicas",
        f"1 KB, {CLIENTS} clients over all processes; {scale.rounds} interleaved rounds, medians",
        ("call", "processes", "/s", "p50 ms", "p99 ms", "of one", "CPU µs", "Redis CPU µs"),
    )
    async with folders() as folder, AsyncExitStack() as stack:
        fleets = [
            await stack.enter_async_context(fleet(folder / f"{count}", "ours", count))
            for count in scale.replicas
        ]
        sides = await contest(fleets, PAIR, CLIENTS, scale)
    for call in PAIR:
        for count, side in zip(scale.replicas, sides, strict=True):
            waits = (side.percentile(call, share) for share in (0.5, 0.99))
            costs = (side.cpu(call, whose) for whose in ("servers", "redis"))
            ratio = side.ratio(call, sides[0])
            table.rows.append((call, count, side.rate(call), *waits, ratio, *costs))
    yield table
