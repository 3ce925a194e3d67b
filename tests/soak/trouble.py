"""What goes wrong in a soak, one thing after the other, in a shuffled order."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from tests.faults.kinds import AllDropped, AllLate, AllReset, BlackHole, SomeDropped
from tests.faults.proxy import Fault
from tests.soak.timings import Span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from random import Random

    from tests.soak.timings import Timings
    from tests.soak.town import Town

DELAY = 0.3  # seconds that each reply of Redis is late
SHARE = 0.2  # of Redis' replies that are dropped
BOTS = ("telegram", "discord")


class Trouble:
    """Makes it, and notes when.

    `web 1` is spared, and so are the bots in the last two thirds: what leaks shows in what lives.
    """

    def __init__(self, town: Town, timings: Timings, rng: Random, lasting: float) -> None:
        """Take how long (seconds) the faults of the network last, at most."""
        self._town = town
        self._timings = timings
        self._rng = rng
        self._lasting = lasting
        self._kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "a web server is killed": partial(self._kill, "web 2"),
            "Redis is killed": partial(self._kill, "redis"),
            **{f"{bot} is killed": partial(self._kill, bot) for bot in BOTS},
            "a web server is stopped": partial(self._stop, "web 2"),
            **{f"{bot} is stopped": partial(self._stop, bot) for bot in BOTS},
            "Redis hears nothing": partial(self._network, BlackHole()),
            "Redis' replies are lost": partial(self._network, AllDropped()),
            "Redis resets": partial(self._network, AllReset()),
            "Redis is slow": partial(self._network, AllLate(DELAY)),
            "Redis drops some": partial(self._network, SomeDropped(SHARE, rng)),
        }

    async def until(self, end: float, every: float) -> None:
        """Make one kind after the other, that many seconds apart, until a monotonic moment."""
        began = time.monotonic()
        for name in self._names(began + (end - began) / 3):
            await asyncio.sleep(every * self._rng.uniform(0.7, 1.3))
            if time.monotonic() >= end:
                return
            await self._strike(name)

    async def each(self, pause: float) -> None:
        """Make one of each kind."""
        names = list(self._kinds)
        self._rng.shuffle(names)
        for name in names:
            await asyncio.sleep(pause)
            await self._strike(name)

    def _names(self, spared: float) -> Iterator[str]:
        """Shuffle anew each time that all were there; from a moment on without the bots."""
        while True:
            names = list(self._kinds)
            self._rng.shuffle(names)
            for name in names:
                if time.monotonic() < spared or not name.startswith(BOTS):
                    yield name

    async def _strike(self, name: str) -> None:
        span = Span(name, time.monotonic(), float("inf"))
        self._timings.faults.append(span)
        try:
            await self._kinds[name]()
        finally:
            over = Span(name, span.began, time.monotonic())
            self._timings.faults[self._timings.faults.index(span)] = over

    async def _kill(self, name: str) -> None:
        await self._town.members[name].kill(self._while())

    async def _stop(self, name: str) -> None:
        await self._town.members[name].stop(self._while())

    async def _network(self, fault: Fault) -> None:
        self._town.proxy.fault = fault
        try:
            await asyncio.sleep(self._while())
        finally:
            self._town.proxy.fault = Fault()
            if isinstance(fault, BlackHole):  # a network that comes back brings what it held, or
                await self._town.proxy.cut()  # nothing more: it leaves no gap in a stream

    def _while(self) -> float:
        return self._lasting * self._rng.uniform(0.3, 1)
