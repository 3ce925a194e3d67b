"""Create and open of 1 KB over HTTP, in interleaved rounds, against bare limits of the same run."""

from __future__ import annotations

import asyncio
import json
import os
import time
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks.client import Connection
from tests.benchmarks.servers import servers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Call = Callable[[Connection], Awaitable[float]]

BODY = os.urandom(1000)
PER_ROUND = 800
ROUNDS = 7


class Pair:
    """Creates on one server, and opens what it created; notes speed and times of each."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self._port = port
        self._links: list[tuple[str, bytes]] = []
        self.speeds: dict[str, list[float]] = {"create": [], "open": []}
        self.times: dict[str, list[float]] = {"create": [], "open": []}

    async def round(self, clients: int) -> None:
        """Create `PER_ROUND` secrets from so many clients, then open them all."""
        for what, call in (("create", self._create), ("open", self._open)):
            speed, times = await load(self._port, clients, call)
            self.speeds[what].append(speed)
            self.times[what] += times

    async def _create(self, connection: Connection) -> float:
        took, answer = await timed(connection, "/upload", BODY, "OTS-Kind: file")
        told = json.loads(answer)
        key = told["link"].rpartition("#")[2]
        self._links.append((f"/d/{told['id']}", json.dumps({"key": key}).encode()))
        return took

    async def _open(self, connection: Connection) -> float:
        path, body = self._links.pop()
        return (await timed(connection, path, body, "Content-Type: application/json"))[0]

    def speed(self, what: str) -> float:
        return median(self.speeds[what])

    @property
    def pairs(self) -> float:
        """How often a second both are done, one after the other."""
        return 1 / (1 / self.speed("create") + 1 / self.speed("open"))

    def show(self, what: str, label: str, limit: float | None = None) -> None:
        ordered = sorted(self.times[what])
        p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
        ratio = "" if limit is None else f"   {self.speed(what) / limit:.2f}"
        print(
            f"{label:<18} {self.speed(what):7.0f} /s   p50 {p50 * 1e3:6.2f} ms"
            f"   p99 {p99 * 1e3:6.2f} ms{ratio}"
        )


async def load(port: int, clients: int, one: Call) -> tuple[float, list[float]]:
    """Make `PER_ROUND` calls from so many clients; answer calls per second and each one's time."""
    connections = [await Connection.to(port) for _ in range(clients)]
    times: list[float] = []

    async def work(connection: Connection) -> None:
        for _ in range(PER_ROUND // clients):
            times.append(await one(connection))  # noqa: PERF401 - one after the other

    started = time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in connections))
    took = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return len(times) / took, times


async def timed(
    connection: Connection, path: str, body: bytes, *headers: str
) -> tuple[float, bytes]:
    """Post once; answer how long it took, and the answer's body."""
    started = time.perf_counter()
    status, answer = await connection.post(path, body, *headers)
    if status not in {200, 201}:
        raise RuntimeError(status)
    return time.perf_counter() - started, answer


async def run() -> None:
    """Print what is compared: many clients against bare commands, one against no durability."""
    await _against_bare(clients=16)
    await _against_careless()


async def _against_bare(clients: int) -> None:
    async with servers("bare", "ours") as ports:
        bare, ours = Pair("bare", ports["bare"]), Pair("ours", ports["ours"])
        for _ in range(ROUNDS):
            for pair in (bare, ours):
                await pair.round(clients)
    print(f"\n1 KB, {clients} clients, everything on disk; {ROUNDS} interleaved rounds, medians")
    bare.show("create", "bare SET")
    bare.show("open", "bare GETDEL")
    ours.show("create", "create", bare.speed("create"))
    ours.show("open", "open", bare.speed("open"))
    print(f"create + open: {ours.pairs / bare.pairs:.2f} of a bare handler's SET + GETDEL")


async def _against_careless() -> None:
    async with servers("ours", "careless") as ports:
        ours, careless = Pair("ours", ports["ours"]), Pair("careless", ports["careless"])
        for _ in range(ROUNDS):
            for pair in (careless, ours):
                await pair.round(1)
    print(f"\n1 KB, one client alone; {ROUNDS} interleaved rounds, medians")
    for what in ("create", "open"):
        careless.show(what, f"{what}, careless")
        ours.show(what, what, careless.speed(what))
        cost = median(ours.times[what]) - median(careless.times[what])
        print(f"{what}: latch and durability cost {cost * 1e3:.2f} ms at p50")
