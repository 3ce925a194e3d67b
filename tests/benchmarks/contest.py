"""Servers side by side: the same calls to each in turn, round after round."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks.calls import Held
from tests.benchmarks.load import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.load import Load
    from tests.benchmarks.scale import Scale
    from tests.benchmarks.servers import Fleet

MICRO, MILLI = 1e6, 1e3
WARM_UP = 0.2  # of a round


class Side:
    """One of those that are compared, and what each round of each call took."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.loads: dict[str, list[Load]] = defaultdict(list)
        self._held = Held()

    async def round(self, call: str, clients: int, seconds: float, *, count: bool = True) -> None:
        """Ask for as many as go into so many seconds, or, opening, as were created."""
        took = await load(self.fleet, clients, self._held.following(call), seconds)
        if call == "create":
            self._held.drop()
            self._held.add(took.answers)
        if count:
            self.loads[call].append(took)

    def rate(self, call: str) -> float:
        """Answers per second, the median of the rounds."""
        return median(one.rate for one in self.loads[call])

    def percentile(self, call: str, share: float) -> float:
        """Milliseconds within which that share of all answers came."""
        times = sorted(each for one in self.loads[call] for each in one.times)
        return times[min(int(len(times) * share), len(times) - 1)] * MILLI

    def cpu(self, call: str, whose: str) -> float:
        """Microseconds of CPU per answer: of `servers`, `redis` or the `generator`."""
        answers = sum(len(one.times) for one in self.loads[call])
        used: float = sum(getattr(one, whose) for one in self.loads[call])
        return used / answers * MICRO

    def ratio(self, call: str, other: Side) -> float:
        """Compare speeds within each round, so that the machine's drift cancels; the median."""
        pairs = zip(self.loads[call], other.loads[call], strict=True)
        return median(ours.rate / theirs.rate for ours, theirs in pairs)


async def contest(
    fleets: Sequence[Fleet], calls: Sequence[str], clients: int, scale: Scale
) -> list[Side]:
    """Interleave rounds of each call on each fleet; who comes first alternates."""
    sides = [Side(fleet) for fleet in fleets]
    for number in range(-1, scale.rounds):  # the first warms up
        seconds = scale.seconds if number >= 0 else scale.seconds * WARM_UP
        for call in calls:
            for side in sides if number % 2 else sides[::-1]:
                await side.round(call, clients, seconds, count=number >= 0)
    return sides
