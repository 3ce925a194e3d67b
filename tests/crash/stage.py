"""Where operations end too early: each point in a process of its own, and what is left is checked.

The test owns Redis, which outlives the process. Its restart is a vault opened anew over the same
data, with nothing else of what the dead process knew.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from core.bootstrap import House, open_vault
from tests.crash.aftermath import Aftermath
from tests.crash.points import CRASHED, REDIS

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Awaitable, Callable

    from core.settings import Settings
    from tests.crash.operations import Given, Operation

    Prepare = Callable[[House], Awaitable[Given]]
    Check = Callable[[Aftermath], Awaitable[None]]

Point: TypeAlias = tuple[str, int]  # the n-th time of a moment

ROOT = Path(__file__).parents[2]
LONGEST_LINE = 2 * 1024 * 1024
NEVER: Point = ("", 0)


@dataclass(slots=True)
class Ending:
    """What a process told before it ended, and where that was (nowhere: it did all it had to).

    `passed` lists the places of each moment of one that did.
    """

    told: list[tuple[str, str]] = field(default_factory=list, repr=False)
    place: str = ""
    passed: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def all(self, what: str) -> list[str]:
        return [content for named, content in self.told if named == what]

    def __contains__(self, what: str) -> bool:
        return bool(self.all(what))


@dataclass(frozen=True, slots=True)
class Stage:
    """Runs operations in processes that end at a point."""

    house: House
    settings: Settings
    driver: Process

    async def run(self, operation: Operation, given: Given, last: Point = NEVER) -> Ending:
        """Run an operation in a new process, up to a point."""
        order = {"operation": operation.__name__, "last": last, "given": asdict(given)}
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        self.driver.stdin.write(json.dumps(order).encode() + b"\n")
        ending = Ending()
        while True:
            line = json.loads(await self.driver.stdout.readline())
            match line["what"]:
                case "at":
                    ending.place = line["content"]
                case "passed":
                    ending.passed = json.loads(line["content"])
                case "exit":
                    assert int(line["content"]) == (CRASHED if ending.place else 0)
                    return ending
                case what:
                    ending.told.append((what, line["content"]))

    @asynccontextmanager
    async def restarted(self) -> AsyncIterator[House]:
        """Open a vault that knows nothing but what lies in Redis and on disk."""
        async with open_vault(self.settings, own_redis=False) as house:
            yield house

    async def at_every_point(
        self,
        operation: Operation,
        prepare: Prepare,
        check: Check,
        *,
        least: dict[str, int],
    ) -> None:
        """End an operation at each of its points, every time on a new preparation, and check.

        `least` is how many calls of each kind it must have made.
        """
        await self._on_empty_ground(prepare, operation)  # Redis knows its scripts from now on
        _, whole = await self._on_empty_ground(prepare, operation)
        points = [
            (moment, number)
            for moment, places in whole.passed.items()
            for number in range(1, len(places) + 1)
        ]
        calls = {
            moment.removeprefix("after "): len(places)
            for moment, places in whole.passed.items()
            if moment.startswith("after")
        }
        print(f"\n{operation.__name__}: {len(points)} points around {calls}")
        assert least == {kind: min(times, calls.get(kind, 0)) for kind, times in least.items()}
        for point in points:
            await self._at(operation, prepare, check, point)

    async def _at(self, operation: Operation, prepare: Prepare, check: Check, last: Point) -> None:
        given, ending = await self._on_empty_ground(prepare, operation, last)
        # What Redis says may come in one piece more or less; what is done to files may not.
        assert ending.place or last[0].endswith(REDIS), f"{operation.__name__} outlived {last}"
        async with self.restarted() as house:
            try:
                await check(Aftermath(house, self.settings, given, ending))
            except BaseException as error:
                where = ending.place or f"well, though it should have at {last}"
                error.add_note(f"{operation.__name__} had ended {where}")
                raise

    async def _on_empty_ground(
        self, prepare: Prepare, operation: Operation, last: Point = NEVER
    ) -> tuple[Given, Ending]:
        """Run an operation where nothing is left of the points before."""
        await self.house.redis.flushdb()
        for day in (self.settings.data_dir / "blobs").glob("[0-9]*"):
            await asyncio.to_thread(shutil.rmtree, day)
        given = await prepare(self.house)
        return given, await self.run(operation, given, last)


@asynccontextmanager
async def raised(house: House, settings: Settings) -> AsyncIterator[Stage]:
    """Start the driver for the block."""
    driver = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.crash.driver", str(settings.data_dir)),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        limit=LONGEST_LINE,
    )
    try:
        yield Stage(house, settings, driver)
    finally:
        assert driver.stdin is not None
        driver.stdin.close()
        await driver.wait()
