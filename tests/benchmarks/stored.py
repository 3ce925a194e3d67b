"""What a call costs beside few and beside many stored secrets, and what each of them takes."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks.contest import contest
from tests.benchmarks.filling import fill, house_of
from tests.benchmarks.servers import fleet, folders
from tests.benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.bootstrap import House
    from tests.benchmarks.contest import Side
    from tests.benchmarks.filling import Filled
    from tests.benchmarks.scale import Scale

CLIENTS = 16
THREE = ("create", "peek", "open")
SAMPLE = 2_000  # of those whose bytes lie in the store
LOOKS = 5


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give calls, memory and the sweeper's look, from few to many."""
    async with folders() as folder, AsyncExitStack() as stack:
        fleets = [
            await stack.enter_async_context(fleet(folder / f"{count}", "ours"))
            for count in scale.stored
        ]
        filled, looks, beside = [], [], 0.0
        for one, wanted in zip(fleets, scale.stored, strict=True):
            async with house_of(one) as house:
                filled.append(await fill(house, wanted, scale.fill_within))
                looks.append(await _looks(house))
                beside = (await fill(house, SAMPLE, scale.fill_within, kept=False)).each
        sides = await contest(fleets, THREE, CLIENTS, scale)
        yield _calls(scale, filled, sides)
        yield _sizes(filled, looks, beside)


def _calls(scale: Scale, filled: list[Filled], sides: list[Side]) -> Table:
    table = Table(
        "Stored secrets",
        f"1 KB, {CLIENTS} clients, 1 process; all three Redis at once, "
        f"{scale.rounds} interleaved rounds, medians",
        ("call", "stored", "/s", "p50 ms", "p99 ms", "of the fewest", "CPU µs", "Redis CPU µs"),
    )
    for call in THREE:
        for there, side in zip(filled, sides, strict=True):
            waits = (side.percentile(call, share) for share in (0.5, 0.99))
            costs = (side.cpu(call, whose) for whose in ("servers", "redis"))
            ratio = side.ratio(call, sides[0])
            table.rows.append((call, there.stored, side.rate(call), *waits, ratio, *costs))
    if filled[-1].stored < scale.stored[-1]:
        table.remarks.append(
            f"{scale.stored[-1]:,} were wanted; so many went into {scale.fill_within:.0f} s."
        )
    return table


def _sizes(filled: list[Filled], looks: list[tuple[float, ...]], beside: float) -> Table:
    table = Table(
        "What stored secrets take",
        "1 KB kept in the record; bytes of Redis' memory for each, and the sweeper's time",
        ("stored", "bytes each", "look at what is due, ms", "walk over a part, ms"),
    )
    for there, times in zip(filled, looks, strict=True):
        table.rows.append((there.stored, there.each, *times))
    table.remarks.append(
        f"A secret whose bytes lie in the blob store takes {beside:,.0f} bytes of Redis."
    )
    return table


async def _looks(house: House) -> tuple[float, ...]:
    """Time what the sweeper does: every two seconds, and in its round of every minute; in ms.

    The walk in search of lost bytes is asked for by itself, since a sweeper begins it only when
    Redis has run for a while.
    """
    steps = (house.sweeper.look, house.sweeper._look_for_lost)
    took: list[list[float]] = [[] for _ in steps]
    for _ in range(LOOKS):
        for step, times in zip(steps, took, strict=True):
            started = time.perf_counter()
            await step()
            times.append(time.perf_counter() - started)
    return tuple(median(times) * 1e3 for times in took)
