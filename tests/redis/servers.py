"""Real Redis processes on loopback: a primary, its replicas and a sentinel, or one alone."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from core.errors import Unavailable
from core.redis_server import find_server
from tests.test_process import free_port

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

PRIMARY = "mymaster"
LIMIT = 30  # seconds for anything here to come true
DOWN_AFTER = 1000  # ms of silence until a sentinel calls a server down
# What a sentinel does every ten seconds or every second, in ms.
OFTEN = ("info-period", "200", "ask-period", "200")
TELLING = 200  # ms, four of which pass before an old primary is told that it is none any more


async def comes_true(true: Callable[[], Awaitable[object]]) -> None:
    """Wait until a question to a server, which may not answer for a while, is answered yes."""
    async with asyncio.timeout(LIMIT):
        while True:
            with suppress(RedisError, Unavailable):
                if await true():
                    return
            await asyncio.sleep(0.02)


class Server:
    """One process; it can be killed, silenced, and started again on what it left on disk."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.port = free_port()
        self.redis = Redis(port=self.port, socket_timeout=1, retry=Retry(NoBackoff(), 1))
        self._folder = folder / str(self.port)
        self._folder.mkdir(parents=True)
        self._options = options
        self._process: Process | None = None

    async def start(self, *mode: str) -> None:
        written = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self._folder)}
        settings = self._folder / "settings"
        if not settings.exists():
            lines = (f"{name} {value}" for name, value in (written | self._options).items())
            settings.write_text("\n".join(lines))
        self._process = await asyncio.create_subprocess_exec(
            *(find_server(), str(settings), *mode),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        await comes_true(self.redis.ping)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    def silence(self) -> None:
        """Let it do nothing, while its connections stay: as a machine that lost its network."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def aclose(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self.wake()
            await self._end(signal.SIGKILL)
        await self.redis.aclose()

    async def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        await self._process.wait()

    async def told(self, section: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.redis.info(section)
        return found

    async def linked(self) -> bool:
        """Tell whether it, a replica, has what its primary had."""
        told = await self.told("replication")
        return str(told.get("master_link_status")) == "up"


@asynccontextmanager
async def one_server(folder: Path, **options: str) -> AsyncIterator[Server]:
    """Run a server that is durable, and otherwise as the options say."""
    durable = {"appendonly": "yes", "appendfsync": "always", "save": '""'}
    server = Server(folder, **durable, **options)
    try:
        await server.start()
        yield server
    finally:
        await server.aclose()


@asynccontextmanager
async def sentinel_of(
    primary: int, folder: Path, *, telling: int = TELLING
) -> AsyncIterator[Server]:
    """Run a sentinel that decides alone; its times are small, as tests have little."""
    settings = {
        "sentinel monitor": f"{PRIMARY} 127.0.0.1 {primary} 1",
        "sentinel down-after-milliseconds": f"{PRIMARY} {DOWN_AFTER}",
        "sentinel failover-timeout": f"{PRIMARY} 2000",
    }
    sentinel = Server(folder, **settings)
    try:
        await sentinel.start("--sentinel")
        periods = ("publish-period", str(telling), *OFTEN)
        often: Any = sentinel.redis.execute_command("SENTINEL", "DEBUG", *periods)  # type: ignore[no-untyped-call]
        await often
        yield sentinel
    finally:
        await sentinel.aclose()


class Watched:
    """A primary with two replicas, and the sentinel that names another one when it is gone."""

    def __init__(self, primary: Server, replicas: tuple[Server, ...], sentinel: Server) -> None:
        self.primary = primary
        self.replicas = replicas
        self.sentinel = sentinel

    def url(self, options: str = "") -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/{PRIMARY}?{options}"

    async def successor(self) -> Server:
        """Wait until another server is the primary, and give it."""
        servers = {server.port: server for server in self.replicas}

        async def is_named() -> bool:
            return await self._named() in servers

        await comes_true(is_named)
        return servers[await self._named()]

    async def hand_over(self, how: str = "") -> None:
        """Have the sentinel make another one the primary, as for a planned restart."""
        order = ("SENTINEL", "FAILOVER", PRIMARY, *how.split())
        try:
            answer: Any = self.sentinel.redis.execute_command(*order)  # type: ignore[no-untyped-call]
            await answer
        except ResponseError:
            if how:
                pytest.skip(f"this server knows no {how} fail-over")
            raise

    async def _named(self) -> int:
        told: Any = await self.sentinel.redis.sentinel_get_master_addr_by_name(PRIMARY)
        return int(told[1])

    async def complete(self) -> bool:
        """Tell whether the sentinel knows every replica, each up to date."""
        known: list[dict[str, Any]] = await self.sentinel.redis.sentinel_slaves(PRIMARY)
        healthy = [one for one in known if one.get("master-link-status", "ok") == "ok"]
        return len(healthy) == len(self.replicas)


@asynccontextmanager
async def watched(folder: Path, *, telling: int = TELLING) -> AsyncIterator[Watched]:
    """Start it all, and wait until the sentinel knows it."""
    quick = {"repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1"}
    async with AsyncExitStack() as stack:
        primary = await stack.enter_async_context(one_server(folder, **quick))
        of = {"replicaof": f"127.0.0.1 {primary.port}"}
        replicas = [
            await stack.enter_async_context(one_server(folder, **quick, **of)) for _ in range(2)
        ]
        await asyncio.gather(*(comes_true(replica.linked) for replica in replicas))
        watching = sentinel_of(primary.port, folder, telling=telling)
        sentinel = await stack.enter_async_context(watching)
        fleet = Watched(primary, tuple(replicas), sentinel)
        await comes_true(fleet.complete)
        yield fleet
