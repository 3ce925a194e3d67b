"""Several processes of each kind on one Redis and one data folder."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

from core.embedded import embedded_redis
from core.receipts import TELLING
from tests.replicas.balancer import Balancer
from tests.test_process import free_port, ready, started

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Mapping

    from aiohttp import ClientSession

LONG_AGO = 3_600_000  # ms
PROGRAM = Path(__file__).parent / "process.py"


class Replica:
    """One process, which is stopped or killed, and perhaps started anew at the same port."""

    process: Process

    def __init__(
        self, fleet: Fleet, command: str, settings: Mapping[str, str], port: int = 0
    ) -> None:
        """Take what a command line says, and the port that a balancer brings people to."""
        self._fleet = fleet
        self._command = command.split()
        self._settings = settings
        self.port = port
        fleet.replicas.append(self)

    async def start(self) -> None:
        shared = {"REDIS_URL": self._fleet.address, "PUBLIC_URL": self._fleet.public_url}
        settings = {**shared, **self._settings}
        process = started(PROGRAM, self._fleet.folder, self._command, settings)
        self.process = await self._fleet.stack.enter_async_context(process)

    async def stop(self) -> None:
        """Let it end in its own time, which must go well."""
        self.process.terminate()
        assert await asyncio.wait_for(self.process.wait(), 40) == 0

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class Fleet:
    """What they share, and who they are."""

    def __init__(self, folder: Path, address: str, redis: Redis, stack: AsyncExitStack) -> None:
        self.folder = folder
        self.address = address
        self.redis = redis
        self.stack = stack
        self.public_url = "http://localhost:8080"
        self.replicas: list[Replica] = []
        self.webs: list[Replica] = []

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{web.port}" for web in self.webs]

    async def web(self, client: ClientSession, count: int, **settings: str) -> None:
        """Start that many web servers, all at once."""
        for _ in range(count):
            port = free_port()
            self.webs.append(Replica(self, "web", {"PORT": str(port), **settings}, port))
        await asyncio.gather(*(web.start() for web in self.webs))
        await asyncio.gather(*(ready(client, url) for url in self.urls))

    async def balancer(self, ports: list[int]) -> Balancer:
        """Stand a balancer before some ports."""
        balancer = Balancer(ports)
        await self.stack.enter_async_context(balancer.running())
        return balancer

    async def holder(self, stream: str, door: str, among: list[Replica]) -> Replica:
        """Wait until one of a door's workers has taken an entry, and say which."""
        found: list[Replica] = []
        async with asyncio.timeout(20):
            while not found:
                waiting: Any = await self.redis.xpending_range(stream, door, "-", "+", 1)
                readers = {entry["consumer"].decode().partition("-")[0] for entry in waiting}
                found = [one for one in among if str(one.process.pid) in readers]
                await asyncio.sleep(0.02)
        return found[0]

    async def let_time_pass(self, stream: str, door: str) -> None:
        """Let what a worker has taken look as if it had been taken long ago."""
        for told in await self.redis.keys("ots:told:*"):
            if await self.redis.get(told) == TELLING.encode():
                await self.redis.delete(told)
        waiting: Any = await self.redis.xpending_range(stream, door, "-", "+", 100)
        for entry in waiting:
            reader, name = entry["consumer"], entry["message_id"]
            await self.redis.xclaim(stream, door, reader, 0, [name], idle=LONG_AGO, justid=True)


@asynccontextmanager
async def fleet(folder: Path) -> AsyncIterator[Fleet]:
    """Start what they share; whoever is started later ends first."""
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(embedded_redis(folder / "own"))
        redis = await stack.enter_async_context(Redis.from_url(address))
        running = Fleet(folder, address, redis, stack)
        yield running
        await asyncio.gather(*(one.kill() for one in running.replicas))  # how they end was seen
