"""Two web processes and a Redis that are killed and come back, put together in two ways."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.embedded import join_redis
from core.redis_server import address, find_server
from tests.test_process import free_port, ready, running

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from typing import TypeAlias

    from aiohttp import ClientSession

    Run: TypeAlias = "Callable[[], AbstractAsyncContextManager[Process]]"


class Member:
    """A process that is killed and started again."""

    def __init__(
        self, stack: AsyncExitStack, run: Run, answers: Callable[[], Awaitable[None]]
    ) -> None:
        self._stack = stack
        self._run = run
        self._answers = answers

    async def start(self) -> None:
        self._process = await self._stack.enter_async_context(self._run())
        await self._answers()

    @property
    def pid(self) -> int:
        """Which process it is now; fails when that ended by itself."""
        assert self._process.returncode is None, "it ended by itself"
        return self._process.pid

    async def kill(self, down: float = 0) -> None:
        """Kill it, and wait until another one in its place answers; nobody is there for a while."""
        assert self.pid
        self._process.kill()
        await self._process.wait()
        await asyncio.sleep(down)
        await self.start()

    async def stop(self, down: float = 0) -> None:
        """Ask it to end, which it must do well, and wait as for another that was killed."""
        assert self.pid
        self._process.terminate()
        async with asyncio.timeout(40):
            assert await self._process.wait() == 0, "it did not end well"
        await asyncio.sleep(down)
        await self.start()


class Child:
    """A Redis that its owner, one of the members, starts again."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def kill(self) -> None:
        process = await self._process()
        assert process is not None
        os.kill(process, signal.SIGKILL)
        async with asyncio.timeout(30):
            while await self._process() in {None, process}:
                await asyncio.sleep(0.02)

    async def _process(self) -> int | None:
        try:
            process: int = (await self._redis.info("server"))["process_id"]
        except (RedisError, OSError):
            return None
        return process


class Fleet:
    """Who serves, who may be killed, and the Redis to look into."""

    def __init__(self, urls: list[str], members: list[Member | Child], redis: Redis) -> None:
        self.urls = urls
        self.members = members
        self.redis = redis

    async def end_leases(self) -> None:
        """Let the minute pass that a claim holds others up."""
        async for key in self.redis.scan_iter("ots:{*}"):
            if await self.redis.hget(key, "state") == b"claimed":
                await self.redis.hset(key, "lease", "0")


@asynccontextmanager
async def apart(folder: Path, client: ClientSession) -> AsyncIterator[Fleet]:
    """Two `web` processes on a Redis of its own: the three die independently."""
    socket = folder / "redis.sock"
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(Redis.from_url(address(socket)))
        store = Member(stack, lambda: redis_at(socket), lambda: pong(redis))
        await store.start()
        urls, members = [], [store]
        for _ in range(2):
            web, url = _web(stack, folder, client, "web", REDIS_URL=address(socket))
            await web.start()
            urls.append(url)
            members.append(web)
        yield Fleet(urls, [*members], redis)


@asynccontextmanager
async def together(folder: Path, client: ClientSession) -> AsyncIterator[Fleet]:
    """A `run` with its embedded Redis, which dies with it or alone, and a `web` that joins it."""
    async with AsyncExitStack() as stack:
        owner, first = _web(stack, folder, client, "run")
        await owner.start()
        guest, second = _web(stack, folder, client, "web")
        await guest.start()
        redis = await stack.enter_async_context(Redis.from_url(join_redis(folder / "data")))
        yield Fleet([first, second], [Child(redis), owner, guest], redis)


def _web(
    stack: AsyncExitStack, folder: Path, client: ClientSession, command: str, **settings: str
) -> tuple[Member, str]:
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"

    def run() -> AbstractAsyncContextManager[Process]:
        return running(folder, command, PORT=port, **settings)

    return Member(stack, run, lambda: ready(client, url)), url


@asynccontextmanager
async def redis_at(socket: Path) -> AsyncIterator[Process]:
    """Run a Redis that loses nothing, its files beside its socket."""
    folder = socket.parent
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "loglevel": "warning",
    }
    with (folder / "redis.log").open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            await asyncio.to_thread(find_server),
            *(part for name, value in options.items() for part in (f"--{name}", value)),
            stdout=said,
            stderr=said,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def pong(redis: Redis) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await redis.ping()
            except (RedisError, OSError):
                await asyncio.sleep(0.02)
            else:
                return
