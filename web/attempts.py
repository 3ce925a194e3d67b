"""How often one address may try to sign in, in this process."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from core.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Callable

SPAN = 60.0  # seconds
MOST = 5  # attempts of an address in that span
ADDRESSES = 10_000  # that are remembered; the one that was silent longest is forgotten first


class Attempts:
    """A short memory of who tried when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, deque[float]] = {}

    def take(self, address: str) -> None:
        """Count an attempt.

        Raises:
            Busy: there were too many; this one is not counted.
        """
        now = self._clock()
        seen = self._seen.pop(address, deque())
        while seen and seen[0] <= now - SPAN:
            seen.popleft()
        self._seen[address] = seen
        if len(seen) >= MOST:
            raise Busy(1 + round(seen[0] + SPAN - now))
        seen.append(now)
        if len(self._seen) > ADDRESSES:
            del self._seen[next(iter(self._seen))]
