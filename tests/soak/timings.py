"""How long people waited, and what broke: by kind and moment, apart from the times of faults."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = 15.0  # seconds that are looked at together
AFTER = 12.0  # seconds after a fault in which what it held up may still come to an end
ENOUGH = 10  # waits in a window that have a p99
WINDOWS = 5  # in a third of the time that can be compared
GROWN, SLACK = 1.5, 0.05  # times, and seconds: beyond both, waits have become longer


@dataclass(frozen=True, slots=True)
class Span:
    """A fault, and until when it was felt; moments are those of `time.monotonic`."""

    name: str
    began: float
    ended: float

    def touches(self, began: float, ended: float) -> bool:
        return began < self.ended + AFTER and ended > self.began


@dataclass(frozen=True, slots=True)
class Kind:
    """The waits of one kind (seconds), and medians and p99s of the first and last third."""

    name: str
    count: int
    longest: float
    median: tuple[float, float]
    p99: tuple[float, float]
    windows: int

    @property
    def flat(self) -> bool:
        first, last = self.p99
        return self.windows < WINDOWS or last <= first * GROWN or last <= first + SLACK


@dataclass(slots=True)
class Timings:
    """Notes of everything that somebody waited for."""

    faults: list[Span] = field(default_factory=list)
    waits: defaultdict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    breaks: list[tuple[float, float, str, str]] = field(default_factory=list)

    def note(self, kind: str, began: float) -> None:
        """Note that somebody was answered, who asked at a moment of `time.monotonic`."""
        now = time.monotonic()
        self.waits[kind].append((now, now - began))

    def broke(self, kind: str, began: float, error: BaseException) -> None:
        """Note that somebody was not, or was told to come back."""
        self.breaks.append((began, time.monotonic(), kind, type(error).__name__))

    def calm(self, began: float, ended: float) -> bool:
        """Tell whether no fault was near."""
        return not any(fault.touches(began, ended) for fault in self.faults)

    def unexplained(self) -> list[str]:
        """List what broke without a fault near."""
        return [f"{kind}: {what}" for began, at, kind, what in self.breaks if self.calm(began, at)]

    def kinds(self, began: float, ended: float) -> Iterator[Kind]:
        """Compare, for each kind, the calm windows of the first third with those of the last."""
        third = (ended - began) / 3
        for name, waits in sorted(self.waits.items()):
            first = self._windows(waits, began, began + third)
            last = self._windows(waits, ended - third, ended)
            p99s = [_middle([_p99(one) for one in some]) for some in (first, last)]
            halves = [_middle([median(one) for one in some]) for some in (first, last)]
            number = min(len(first), len(last))
            most = max(seconds for _, seconds in waits)
            yield Kind(name, len(waits), most, (halves[0], halves[1]), (p99s[0], p99s[1]), number)

    def _windows(
        self, waits: list[tuple[float, float]], began: float, ended: float
    ) -> list[list[float]]:
        found = defaultdict(list)
        for at, seconds in waits:
            if began <= at < ended:
                found[int((at - began) / WINDOW)].append(seconds)
        return [
            some
            for number, some in found.items()
            if len(some) >= ENOUGH
            and self.calm(began + number * WINDOW, began + (number + 1) * WINDOW)
        ]


def _middle(values: list[float]) -> float:
    return median(values) if values else float("nan")


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]
