"""Page, create, peek and open of 1 KB against a bare handler of the same framework."""

from __future__ import annotations

from contextlib import asynccontextmanager
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks.calls import CALLS, sample
from tests.benchmarks.contest import contest
from tests.benchmarks.servers import fleet, folders
from tests.benchmarks.table import Table, Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.contest import Side
    from tests.benchmarks.scale import Scale
    from tests.benchmarks.servers import Fleet

WANTED = {"page": 0.9, "peek": 0.4, "create": 0.15, "open": 0.15}
HEADERS = (
    *("call", "clients", "bare /s", "bare p50 ms", "bare p99 ms"),
    *("ours /s", "ours p50 ms", "ours p99 ms", "of bare"),
)


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give one table for each number of processes."""
    for processes in scale.processes:
        table = Table(
            f"Requests, {processes} process{'es' if processes > 1 else ''}",
            f"1 KB; {scale.rounds} interleaved rounds, medians; everything acknowledged is on disk",
            HEADERS,
        )
        async with bare_and_ours(processes) as fleets:
            measured = {
                clients: await contest(fleets, CALLS, clients, scale) for clients in scale.clients
            }
        for call in CALLS:
            table.rows += [_row(call, clients, *measured[clients]) for clients in scale.clients]
        table.remarks.append(_generator(measured[max(scale.clients)][0]))
        if processes == max(scale.processes):
            bare, ours = measured[max(scale.clients)]
            where = f"of bare at {max(scale.clients)} clients and {processes} processes"
            table.targets += [
                Target(f"{call}, {where}:", wanted, ours.ratio(call, bare))
                for call, wanted in WANTED.items()
            ]
        yield table


@asynccontextmanager
async def bare_and_ours(processes: int) -> AsyncIterator[tuple[Fleet, Fleet]]:
    """Run as many processes of each; the bare ones answer what ours answered once."""
    async with folders() as folder, fleet(folder / "ours", "ours", processes) as ours:
        (folder / "bare").mkdir()
        await sample(ours.ports[0], folder / "bare")
        async with fleet(folder / "bare", "bare", processes) as bare:
            yield bare, ours


def _row(call: str, clients: int, bare: Side, ours: Side) -> tuple[str | int | float, ...]:
    figures = [
        figure
        for side in (bare, ours)
        for figure in (side.rate(call), side.percentile(call, 0.5), side.percentile(call, 0.99))
    ]
    return call, clients, *figures, ours.ratio(call, bare)


def _generator(bare: Side) -> str:
    """Say what the generator takes of the machine, which is its own limit too."""
    cost = median(bare.cpu(call, "generator") for call in CALLS)
    return (
        f"The load generator, on the same processors, takes {cost:.0f} µs of CPU per request "
        f"against the bare handler: alone on one processor it could ask {1e6 / cost:,.0f} /s."
    )
