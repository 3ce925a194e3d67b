"""So many clients against one fleet, for so long, and what that took."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.benchmarks import process
from tests.benchmarks.client import connected

if TYPE_CHECKING:
    from tests.benchmarks.client import Client, Next
    from tests.benchmarks.servers import Fleet

PATIENCE = 60.0  # seconds for the answers that are under way in the end


@dataclass(frozen=True, slots=True)
class Load:
    """What one round took: seconds of each request, and of CPU in all."""

    took: float
    times: list[float]
    answers: list[bytes]
    servers: float
    redis: float
    generator: float

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.times) / self.took


async def load(fleet: Fleet, clients: int, following: Next, seconds: float) -> Load:
    """Let clients, spread over the fleet's ports, ask one request after the other.

    Raises:
        RuntimeError: with the answer that was no success.
        TimeoutError: an answer does not come.
    """
    ports = [fleet.ports[n % len(fleet.ports)] for n in range(clients)]
    asking = [await connected(port, following) for port in ports]
    used = (fleet.cpu(), fleet.redis_cpu(), process.own_cpu())
    try:
        took = await _ask(asking, seconds)
    finally:
        for client in asking:
            client.close()
    now = (fleet.cpu(), fleet.redis_cpu(), process.own_cpu())
    servers, redis, generator = (after - before for after, before in zip(now, used, strict=True))
    times = [each for client in asking for each in client.times]
    answers = [each for client in asking for each in client.answers]
    return Load(took, times, answers, servers, redis, generator)


async def _ask(asking: list[Client], seconds: float) -> float:
    started = time.perf_counter()
    for client in asking:
        client.until = started + seconds
        client.go()
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*(client.ended for client in asking))
    return time.perf_counter() - started
