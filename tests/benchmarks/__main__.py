"""`make bench`: figures as ratios to a bare limit measured in the same run.

`make bench ARGS="requests files"` runs parts of it; `ARGS=quick` takes a quick look.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from tests.benchmarks import (
    cipher,
    commands,
    files,
    memory,
    replicas,
    requests,
    start,
    stored,
    timeline,
)
from tests.benchmarks.machine import machine
from tests.benchmarks.scale import FULL, QUICK
from tests.benchmarks.servers import kept

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.benchmarks.scale import Scale
    from tests.benchmarks.table import Table

    Part = Callable[[Scale], AsyncIterator[Table]]

PARTS: dict[str, Part] = {
    "cipher": cipher.run,
    "requests": requests.run,
    "commands": commands.run,
    "timeline": timeline.run,
    "files": files.run,
    "memory": memory.run,
    "start": start.run,
    "replicas": replicas.run,
    "stored": stored.run,
}
RESULTS = Path("artifacts/performance")  # a page for each part


async def main(parts: list[str], scale: Scale) -> bool:
    """Print each table when it is there, and keep those of each part; False when one failed."""
    this = asyncio.current_task()
    assert this is not None
    # The servers are ended however this ends.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    failed = []
    for part in parts:
        try:
            await _measure(part, scale)
        except Exception:  # noqa: BLE001 - the other parts are worth their minutes
            traceback.print_exc()
            failed.append(part)
    print(f"\nThe same for a page: {RESULTS}")
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return not failed


async def _measure(part: str, scale: Scale) -> None:
    sections = [f"{machine()} {datetime.now(UTC):%Y-%m-%d}.\n"]
    async for table in PARTS[part](scale):
        print(f"\n{table.plain()}", flush=True)
        sections.append(table.markdown())
    RESULTS.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs
    (RESULTS / f"{part}.md").write_text("\n".join(sections))


def read() -> tuple[list[str], Scale]:
    """Read the command line: parts in any order, and how much of each."""
    parser = argparse.ArgumentParser("tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}, or quick")
    parser.add_argument("--rounds", type=int, help="of each comparison")
    parser.add_argument("--stored", type=int, help="the most secrets to store")
    given = parser.parse_args()
    wrong = set(given.parts) - {*PARTS, "quick"}
    if wrong:
        parser.error(f"no such part: {', '.join(sorted(wrong))}; there are {', '.join(PARTS)}")
    scale = QUICK if "quick" in given.parts else FULL
    if given.rounds:
        scale = replace(scale, rounds=given.rounds)
    if given.stored:
        scale = replace(scale, stored=(*scale.stored[:-1], given.stored))
    return [part for part in PARTS if part in given.parts] or list(PARTS), scale


if __name__ == "__main__":
    asked = read()
    with kept():
        done = uvloop.run(main(*asked))
    sys.exit(not done)
