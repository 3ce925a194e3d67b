"""The servers that are compared, each a process of its own, on a folder of its own."""

from __future__ import annotations

import asyncio
import math
import os
import random
import socket
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import process
from tests.generous import GENEROUS

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Iterator

ROOT = Path(__file__).parents[2]
OURS = str(ROOT / "onetimeshare.py")
COMMANDS = {
    "ours": (OURS, "run"),
    **{
        name: ("-m", f"tests.benchmarks.{name}")
        for name in ("bare", "bare_redis", "careless", "copying", "marked")
    },
}
ANOTHER = {"ours": (OURS, "web")}  # the further ones of a fleet share what the first one owns
READY_WITHIN, ENDED_WITHIN = 60.0, 60.0  # seconds


@dataclass(slots=True)
class Fleet:
    """Processes of one kind on one folder; `redis` is the one that the first of them owns."""

    name: str
    folder: Path
    ports: list[int]
    processes: list[Process]
    redis: int | None = None

    @property
    def pid(self) -> int:
        return self.processes[0].pid

    def cpu(self) -> float:
        """Seconds of CPU that its servers have used, without Redis."""
        return sum(process.cpu(one.pid) for one in self.processes)

    def redis_cpu(self) -> float:
        return math.nan if self.redis is None else process.cpu(self.redis)


_place: ContextVar[str | None] = ContextVar("place", default=None)


@contextmanager
def kept() -> Iterator[None]:
    """Delete what servers leave only after the block.

    ext4 passes by inodes that were deleted in the last half minute, one by one: next to ten
    thousand of them an opening's latch took three times as long.
    """
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as place:
        token = _place.set(place)
        try:
            yield
        finally:
            _place.reset(token)


@asynccontextmanager
async def folders() -> AsyncIterator[Path]:
    """Make a place for the folders of fleets; it is gone after the block, or when all is done."""
    place = _place.get()
    if place is not None:
        yield Path(tempfile.mkdtemp(dir=place))
        return
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        yield Path(folder)


@asynccontextmanager
async def fleet(folder: Path, name: str, count: int = 1, **settings: str) -> AsyncIterator[Fleet]:
    """Run so many servers in the block, on `folder`."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - nothing else runs yet
    common, run = environment(settings), Fleet(name, folder, [], [])
    async with AsyncExitStack() as stack:
        for _ in range(count):
            port = free_port()
            command = ANOTHER.get(name, COMMANDS[name]) if run.ports else COMMANDS[name]
            started = server(folder, command, common | {"PORT": str(port)})
            run.processes.append(await stack.enter_async_context(started))
            await _listening(port, run.processes[-1], folder)
            run.ports.append(port)
        run.redis = next(iter(process.children(run.pid)), None)
        yield run


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Give a process what it needs: limits that are counted and refuse nobody, and its settings."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        **GENEROUS,
        # Names the folders of blobs, and with it the part of the disk that ext4 lays them out on:
        # next to the files that an earlier run deleted just now, it is slow to make new ones.
        "MAX_LIFETIME": f"{random.randrange(8, 365)}d",  # noqa: S311 - no secret
        **settings,
    }


@asynccontextmanager
async def server(
    folder: Path, command: tuple[str, ...], environment: dict[str, str]
) -> AsyncIterator[Process]:
    """Run one process of ours in the block; what it says goes to `log` in its folder."""
    with (folder / "log").open("ab") as log:
        running = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield running
    finally:
        await ended(running)


async def ended(running: Process) -> None:
    """Ask a process to end, and see to it that it does."""
    if running.returncode is None:
        running.terminate()
    try:
        async with asyncio.timeout(ENDED_WITHIN):
            await running.wait()
    except TimeoutError:
        running.kill()
        await running.wait()


async def _listening(port: int, running: Process, folder: Path) -> None:
    async with asyncio.timeout(READY_WITHIN):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if running.returncode is not None:
                    told = (folder / "log").read_text()[-1000:]
                    raise RuntimeError(f"a server did not start: {told}") from None
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
