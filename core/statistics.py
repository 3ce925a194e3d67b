"""How often what happened, by the hour: counted in memory, written to Redis every few seconds.

Counting costs no round trip. A batch that is written twice counts once; a process that is killed
loses what it counted in its last five seconds. What ends a secret is counted by whoever takes its
receipt out of the record's outbox, so once among all processes.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from core.clock import now_ms
from core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from core.clock import Clock
    from core.scripts import Scripts

log = structlog.get_logger()

HOUR = 60 * 60 * 1000  # ms
KEPT = 90 * 24  # hours
EVERY = 5.0  # seconds
AT_ONCE = 168  # hours read in one round trip

SEALED = "sealed:"  # and the door
BYTES_IN, BYTES_OUT = "bytes_in", "bytes_out"  # in full KiB, so that one alone does not stand out
WRONG_PASSWORDS, LIMIT_HITS = "wrong_passwords", "limit_hits"
LIMIT_HIT = "limit_hit:"  # and the limit, as `core.allowance` names it
BLOCK = 1024


class Statistics:
    """Counts by name and hour. Receipts count under their event's name."""

    def __init__(
        self,
        scripts: Scripts,
        clock: Clock = now_ms,
        *,
        counted: Callable[[str, int], None] = lambda _name, _amount: None,
    ) -> None:
        """Take where they are kept, and `counted`, which is told of each count at once."""
        self._run = scripts
        self._counted_now = counted
        self._clock = clock
        self._process = secrets.token_hex(4)
        self._batch = 0
        self._counted: dict[int, Counter[str]] = {}
        self._leaving: dict[int, Counter[str]] = {}  # a batch that may have been written
        self._flushing = asyncio.Lock()

    def count(self, name: str, amount: int = 1, at: int | None = None) -> None:
        """Count what happened at a moment (ms), or now."""
        hour = (self._clock() if at is None else at) // HOUR
        self._counted.setdefault(hour, Counter())[name] += amount
        self._counted_now(name, amount)

    def refused(self, limit: str) -> None:
        """Count a refusal by a limit, by itself and together with all others."""
        self.count(LIMIT_HITS)
        self.count(f"{LIMIT_HIT}{limit}")

    def count_bytes(self, name: str, size: int) -> None:
        """Count bytes, in full KiB."""
        self.count(name, -(-size // BLOCK) * BLOCK)

    async def run(self) -> None:
        """Write down what was counted, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.flush()
            except Unavailable:
                log.warning("statistics wait")

    async def flush(self) -> None:
        """Write down what was counted.

        Raises:
            Unavailable: Redis does not answer; the next flush goes on where this one stopped.
        """
        async with self._flushing:
            if not self._leaving:
                self._leaving, self._counted = self._counted, {}
                self._batch += 1
            for hour, counts in list(self._leaving.items()):
                vanishes = (hour + KEPT + 1) * HOUR
                pairs = (part for pair in counts.items() for part in pair)
                await self._run("count", _key(hour), self._process, self._batch, vanishes, *pairs)
                del self._leaving[hour]

    async def hours(self, most: int = KEPT) -> dict[int, Counter[str]]:
        """Read the latest hours, this one among them; in order, also those without a count.

        An hour is named by how many passed since 1970.

        Raises:
            Unavailable: Redis does not answer.
        """
        await self.flush()
        now = self._clock() // HOUR
        wanted = range(now - most + 1, now + 1)
        found: dict[int, Counter[str]] = {}
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            told = await self._run.together(*(("HGETALL", _key(hour)) for hour in some))
            found |= {hour: _read(pairs) for hour, pairs in zip(some, told, strict=True)}
        return found


def total(hours: Iterable[Counter[str]]) -> Counter[str]:
    """Add hours up."""
    added: Counter[str] = Counter()
    for hour in hours:
        added.update(hour)
    return added


def _key(hour: int) -> str:
    return f"ots:hour:{hour}"


def _read(pairs: dict[bytes, bytes]) -> Counter[str]:
    named = ((name.decode(), amount) for name, amount in pairs.items())
    return Counter({name: int(amount) for name, amount in named if not name.startswith("batch:")})
