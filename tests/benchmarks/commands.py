"""1 KB with many clients against bare Redis commands, and with one against no durability."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks.contest import contest
from tests.benchmarks.servers import fleet, folders
from tests.benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.contest import Side
    from tests.benchmarks.scale import Scale

CLIENTS = 16
PAIR = ("create", "open")


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give both comparisons."""
    async with folders() as folder, fleet(folder / "ours", "ours") as ours:
        async with fleet(folder / "bare", "bare_redis") as bare_redis:
            yield _against_bare(*await contest((bare_redis, ours), PAIR, CLIENTS, scale))
        async with fleet(folder / "careless", "careless") as careless:
            yield _against_careless(*await contest((careless, ours), PAIR, 1, scale))


def _against_bare(bare: Side, ours: Side) -> Table:
    table = Table(
        "Against bare SET and GETDEL",
        f"1 KB, {CLIENTS} clients, 1 process; a handler with one command on an equal durable Redis",
        ("call", "SET, GETDEL /s", "ours /s", "of bare"),
    )
    for call in PAIR:
        table.rows.append((call, bare.rate(call), ours.rate(call), ours.ratio(call, bare)))
    both = [_pairs(side) for side in (bare, ours)]
    ratios = [mine / other for other, mine in zip(*both, strict=True)]
    table.rows.append(("create + open", *map(median, both), median(ratios)))
    return table


def _pairs(side: Side) -> list[float]:
    """Tell how often a second both are done, one after the other, in each round."""
    rounds = zip(side.loads["create"], side.loads["open"], strict=True)
    return [1 / (1 / create.rate + 1 / opened.rate) for create, opened in rounds]


def _against_careless(careless: Side, ours: Side) -> Table:
    table = Table(
        "What latch and durability cost",
        "1 KB, 1 client, 1 process; against the same server without latch, fsync and log of Redis",
        ("call", "without, p50 ms", "ours, p50 ms", "cost, ms"),
    )
    for call in PAIR:
        without, with_them = careless.percentile(call, 0.5), ours.percentile(call, 0.5)
        table.rows.append((call, without, with_them, with_them - without))
    return table
