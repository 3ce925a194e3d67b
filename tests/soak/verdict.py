"""What a soak is judged by, and the report of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.soak import floor
from tests.soak.telegram_people import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.soak.crowd import Crowd
    from tests.soak.floor import Kept
    from tests.soak.ledger import Ledger
    from tests.soak.timings import Timings
    from tests.soak.town import Town
    from tests.soak.watch import Watch

ROOT = Path(__file__).parents[2]
TOLD_WITHIN = 60.0  # seconds: what was taken by a reader that was killed is told after 30


class Verdict:
    """Puts together what everybody saw."""

    def __init__(
        self, town: Town, crowd: Crowd, ledger: Ledger, timings: Timings, watch: Watch
    ) -> None:
        self._town = town
        self._crowd = crowd
        self._ledger = ledger
        self._timings = timings
        self._watch = watch
        self._began = time.monotonic()
        self._ended = self._began
        self._keys: list[Kept] = []
        self._left: list[str] = []
        self._disk = (0, 0)
        self._untold: list[str] = []

    def lived(self) -> None:
        """Note that the load is over."""
        self._ended = time.monotonic()

    async def settle(self, limit: float) -> None:
        """Let everything come to its end: what can be opened is, and the rest expires."""
        if not limit:
            await self._end_leases()
        self._crowd.count_again()
        await self._ledger.settle()
        await self._until_told()
        self._left = await floor.over(self._town.redis, limit) if limit else []

    async def _end_leases(self) -> None:
        """Let the minute pass that a claim holds others up."""
        async for key in self._town.redis.scan_iter("ots:{*}"):
            if await self._town.redis.hget(key, "state") == b"claimed":
                await self._town.redis.hset(key, "lease", "0")

    async def _until_told(self) -> None:
        """Wait until every sender was told, for as long as it may take."""
        deadline = time.monotonic() + TOLD_WITHIN
        telegram = self._crowd.telegram
        while (list(self._missing()) or telegram.left()) and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
        self._untold = list(self._missing())

    def _missing(self) -> Iterator[str]:
        for entry in self._ledger.entries:
            if entry.outcome and (what := entry.letter.untold(entry.outcome)):
                yield f"{entry.door}: {what}"

    async def look(self) -> None:
        """See what stays."""
        self._keys = await floor.kept(self._town.redis)
        self._disk = await floor.on_disk(self._town.data / "blobs")
        for member in self._town.members.values():
            assert member.pid

    # ── judged ──────────────────────────────────────────────────────────────────────────────

    def wrong(self, *, long: bool) -> list[str]:
        """List all that should not be."""
        found = [*self._ledger.wrong, *self._untold, *self._errors()]
        if left := self._crowd.telegram.left():
            found.append(f"{left} originals are left in Telegram's chats")
        if not long:  # nothing was calm in so short a time, and not everything is over
            return found
        if self._disk[1]:
            found.append(f"{self._disk[1]} bytes are left on the disk")
        found += floor.unbounded(self._keys)
        found += self._twice()
        found += self._watch.leaks(self._timings)
        found += [f"still due: {key}" for key in self._left]
        found += [
            f"{one.name}: its p99 is longer"
            for one in self._timings.kinds(self._began, self._ended)
            if not one.flat
        ]
        return found + self._timings.unexplained()

    def _twice(self) -> Iterator[str]:
        """Find ends that were told twice though nothing had gone wrong."""
        for entry in self._ledger.entries:
            letter = entry.letter
            for came in letter.told()[1:] if isinstance(letter, Message) else ():
                if self._timings.calm(came - TOLD_WITHIN, came):
                    yield f"{entry.door}: an end was told twice"

    def _errors(self) -> Iterator[str]:
        """Find what the processes' logs call an error."""
        text = (self._town.folder / "err").read_text()
        # Whatever is no line of JSON was not meant to be told.
        said = [line for line in text.splitlines() if line and not line.startswith("{")]
        if said:
            yield "a log says: " + " | ".join(line.strip() for line in said[-12:])
        for (level, event, error), count in self._log().items():
            if level == "error" and error != "Unavailable":  # Redis was not there, and it says so
                yield f"{count} times in a log: {event} {error}"

    def _log(self) -> Counter[tuple[str, str, str]]:
        counted: Counter[tuple[str, str, str]] = Counter()
        for line in (self._town.folder / "err").read_text().splitlines():
            if line.startswith("{"):
                told = json.loads(line)
                if told["level"] in {"warning", "error"}:
                    counted[told["level"], told["event"], told.get("error", "")] += 1
        return counted

    # ── told ────────────────────────────────────────────────────────────────────────────────

    def tell(self, *, long: bool) -> None:
        """Print the report, and keep it."""
        text = "\n".join(self._lines(long=long))
        print(text)
        if long:
            (ROOT / "artifacts").mkdir(exist_ok=True)
            with (ROOT / "artifacts" / "soak.txt").open("a") as file:
                file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n{text}\n\n")

    def _lines(self, *, long: bool) -> Iterator[str]:
        seconds = self._ended - self._began
        number = len(self._ledger.entries)
        yield f"{number} secrets in {seconds / 60:.1f} minutes, {number / seconds:.1f} a second"
        for (door, outcome), count in sorted(self._ledger.outcomes().items()):
            yield f"  {door:10} {outcome:10} {count:6}"
        yield "faults: " + ", ".join(
            f"{name} {count}"
            for name, count in Counter(f.name for f in self._timings.faults).items()
        )
        breaks = len(self._timings.breaks)
        yield f"answers that broke or said to come back: {breaks}"
        unnoted = sum(map(len, self._crowd.telegram.inbox.unnoted.values()))
        yield f"links in Telegram whose message a bot had no time to note: {unnoted}"
        yield "waits (ms)                 count  longest p50 first  last p99 first   last  windows"
        for one in self._timings.kinds(self._began, self._ended):
            waits = (1000 * x for x in (one.longest, *one.median, *one.p99))
            yield (
                f"  {one.name:22} {one.count:7} "
                + " ".join(f"{x:8.1f}" for x in waits)
                + (f" {one.windows:5}")
            )
        yield "processes                lives   typical      most   growth in the longest life"
        yield from self._processes()
        if self._watch.redis:
            _, count, used = self._watch.redis[-1]
            yield f"Redis: {count} keys, {used / 1e6:.1f} MB"
        for keys in self._keys:
            size, left = f"{keys.size / 1e3:9.1f} KB", f"{keys.longest} s to live"
            yield f"  {keys.kind:20} {keys.count:7}  {size}  {left}"
        yield f"blob store: {self._disk[0]} files, {self._disk[1]} bytes"
        for (level, event, error), times in sorted(self._log().items()):
            yield f"  log: {level} {event} {error} {times}"
        yield from (f"WRONG: {one}" for one in self.wrong(long=long))

    def _processes(self) -> Iterator[str]:
        for name, lives in self._watch.lives.items():
            life = max(lives, key=lambda one: len(one.samples))
            for figure in sorted(life.figures()):
                unit = 1e6 if figure == "memory" else 1
                grown = life.growth(figure, self._timings)
                told = "too short" if grown is None else f"{grown / unit:+.1f}"
                yield (
                    f"  {name:10} {figure:10} {len(lives):5} {life.typical(figure) / unit:9.1f} "
                    f"{life.most(figure) / unit:9.1f}   {told}"
                )
