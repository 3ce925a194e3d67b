"""Where the time of one request goes, step by step, and whose CPU an answer takes."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.benchmarks.calls import CALLS
from tests.benchmarks.contest import MILLI, Side, contest
from tests.benchmarks.marked import TOLD
from tests.benchmarks.marks import BETWEEN
from tests.benchmarks.requests import bare_and_ours
from tests.benchmarks.servers import fleet
from tests.benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.scale import Scale
    from tests.benchmarks.servers import Fleet

SHOWN = ("create", "peek", "open")
MANY = 16  # clients while CPU is measured
LEAST = 1.0  # µs of a step that is worth a row
REST = "rest: the connection's task, the system, the client"
TELL_WITHIN = 10.0  # seconds
MICRO = 1e3  # ns


@dataclass(slots=True)
class _Line:
    """One call: its requests, and what the marks added up for them."""

    requests: int
    steps: dict[str, tuple[int, int, int]]
    missing: list[str]
    cost: float


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give the time line of each call, and the CPU of all."""
    async with bare_and_ours(1) as (bare, ours), fleet(bare.folder / "marked", "marked") as marked:
        alone = await contest((bare, ours), CALLS, 1, scale)
        lines = await _lines(marked, scale)
        for call in SHOWN:
            yield _timeline(call, lines[call], *alone)
        yield _cpu(*await contest((bare, ours), CALLS, MANY, scale))


async def _lines(marked: Fleet, scale: Scale) -> dict[str, _Line]:
    """Ask one client's questions of the marked server; the first round warms it up."""
    side, lines = Side(marked), {}
    for number in range(2):
        for call in CALLS:
            await _tell(marked)
            await side.round(call, 1, scale.seconds * (1 + number), count=bool(number))
            told = await _tell(marked)
            if number:
                lines[call] = _Line(len(side.loads[call][0].times), **told)
    return lines


async def _tell(marked: Fleet) -> dict[str, Any]:
    """Have the marks written down, and begun anew."""
    path = marked.folder / TOLD
    marked.processes[0].send_signal(signal.SIGUSR1)
    async with asyncio.timeout(TELL_WITHIN):
        while True:
            with suppress(FileNotFoundError):
                told: dict[str, Any] = json.loads(path.read_text())
                path.unlink()
                return told
            await asyncio.sleep(0.005)


def _timeline(call: str, line: _Line, bare: Side, ours: Side) -> Table:
    table = Table(
        f"Time line of {call}",
        "1 KB, 1 client, 1 process; means in µs, in the order of what they take",
        ("step", "times", "µs", "of that CPU", "of that waiting"),
    )
    rows = [
        (REST if name == BETWEEN else name, entered, clock, used)
        for name, (clock, used, entered) in line.steps.items()
    ]
    for name, entered, clock, used in sorted(rows, key=lambda row: -row[2]):
        took, busy = (ns / MICRO / line.requests for ns in (clock, used))
        if took >= LEAST:
            times = "" if name == REST else f"{entered / line.requests:.1f}"
            table.rows.append((name, times, took, busy, max(0.0, took - busy)))
    _sum_up(table, call, line, bare, ours)
    return table


def _sum_up(table: Table, call: str, line: _Line, bare: Side, ours: Side) -> None:
    total = sum(clock for clock, _, _ in line.steps.values()) / MICRO / line.requests
    used = sum(cpu for _, cpu, _ in line.steps.values()) / MICRO / line.requests
    table.rows.append(("all", "", total, used, total - used))
    marks = sum(entered for _, _, entered in line.steps.values()) / line.requests
    unmarked, nothing = (side.percentile(call, 0.5) * MILLI for side in (ours, bare))
    table.remarks.append(
        f"Without marks a client waits {unmarked:.0f} µs (median), for the bare handler "
        f"{nothing:.0f} µs; the marks themselves take {marks * line.cost / MICRO:.0f} µs."
    )
    if line.missing:
        table.remarks.append(f"Not found, so not marked: {', '.join(line.missing)}.")


def _cpu(bare: Side, ours: Side) -> Table:
    table = Table(
        "CPU of one answer",
        f"µs of user and system time, {MANY} clients, 1 process; 1 KB",
        ("call", "bare handler", "our server", "our Redis", "generator"),
    )
    for call in CALLS:
        mine = [ours.cpu(call, whose) for whose in ("servers", "redis", "generator")]
        table.rows.append((call, bare.cpu(call, "servers"), *mine))
    return table
