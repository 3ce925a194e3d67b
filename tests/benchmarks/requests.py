"""Create and open of 1 KB over HTTP against a bare handler, in interleaved rounds."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.benchmarks.client import Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

ROOT = Path(__file__).parents[2]
BODY = os.urandom(1000)
PER_ROUND = 600
ROUNDS = 5


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def _server(*command: str, port: int, folder: str) -> AsyncIterator[int]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        # Names the folders of blobs, and with it the part of the disk that ext4 lays them out on:
        # next to the files that an earlier run deleted just now, it is slow to make new ones.
        "MAX_LIFETIME": f"{random.randrange(8, 365)}d",  # noqa: S311 - no secret
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=folder,
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    (await Connection.to(port)).close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _load(
    port: int, clients: int, one: Callable[[Connection], Awaitable[float]]
) -> tuple[float, list[float]]:
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


async def _timed(
    connection: Connection, path: str, body: bytes, *headers: str
) -> tuple[float, bytes]:
    started = time.perf_counter()
    status, answer = await connection.post(path, body, *headers)
    if status not in {200, 201}:
        raise RuntimeError(status)
    return time.perf_counter() - started, answer


class _Rounds:
    """What is called, and the links that creates left for opens."""

    def __init__(self) -> None:
        self.links: list[tuple[str, bytes]] = []

    async def bare(self, connection: Connection) -> float:
        return (await _timed(connection, "/upload", BODY))[0]

    async def create(self, connection: Connection) -> float:
        took, answer = await _timed(connection, "/upload", BODY, "OTS-Kind: file")
        told = json.loads(answer)
        key = told["link"].rpartition("#")[2]
        self.links.append((f"/d/{told['id']}", json.dumps({"key": key}).encode()))
        return took

    async def open(self, connection: Connection) -> float:
        path, body = self.links.pop()
        return (await _timed(connection, path, body, "Content-Type: application/json"))[0]


async def run() -> None:
    """Print requests/s, p50 and p99, and the ratio to the bare handler."""
    rounds = _Rounds()
    with tempfile.TemporaryDirectory() as folder:
        bare = _server(
            "-m", "tests.benchmarks.bare", str(port := _free_port()), port=port, folder=folder
        )
        ours = _server(str(ROOT / "onetimeshare.py"), "run", port=_free_port(), folder=folder)
        async with bare as bare_port, ours as our_port:
            for clients in (1, 16):
                await _compare(rounds, clients, bare_port, our_port)


async def _compare(rounds: _Rounds, clients: int, bare_port: int, our_port: int) -> None:
    calls = {"bare": rounds.bare, "create": rounds.create, "open": rounds.open}
    speeds: dict[str, list[float]] = {name: [] for name in calls}
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            port = bare_port if name == "bare" else our_port
            speed, took = await _load(port, clients, call)
            speeds[name].append(speed)
            times[name] += took
    limit = median(speeds["bare"])
    print(f"\n{clients} client(s), 1 KB, durable; {ROUNDS} interleaved rounds, medians")
    for name in calls:
        ordered = sorted(times[name])
        p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
        speed = median(speeds[name])
        print(
            f"{name:<8} {speed:8.0f} requests/s   p50 {p50 * 1e3:6.2f} ms   p99 {p99 * 1e3:6.2f} ms"
            f"   {speed / limit:.2f} of the bare handler"
        )
