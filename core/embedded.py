"""A private Redis for one machine: a child process on a unix socket, durable, without TCP.

Whoever locks the data folder owns the server; other processes of the same folder join its socket.
In the folder `redis`: `owner.lock`, `socket` (a note: where the socket is, as a long path
moves to the temporary folder), `redis.log`, `redis.sock` and the server's own files.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CannotStart
from core.redis_server import RedisServer, address, end_server, find_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LONGEST_SOCKET = 100  # bytes; the system's own limit is 104 to 108
LOCKED_WITHIN = 0.2  # seconds; whoever only looks for an owner holds the lock for a moment
REWRITE_EVERY = 10 * 60.0  # seconds until a shredded key share is out of the append-only file


@asynccontextmanager
async def embedded_redis(
    data_dir: Path, *, rewrite_every: float = REWRITE_EVERY
) -> AsyncIterator[str]:
    """Own a Redis server in the block; yields its `unix://` address.

    Raises:
        CannotStart: no server here, or somebody else owns the data folder.
    """
    binary = await asyncio.to_thread(find_server)
    folder = data_dir / "redis"
    async with (
        _owned(folder),
        _socket(folder) as socket,
        RedisServer(binary, folder, socket).running(rewrite_every=rewrite_every),
    ):
        yield address(socket)


def join_redis(data_dir: Path) -> str:
    """Find the address of a server that another process owns.

    Raises:
        CannotStart: nobody does.
    """
    folder = data_dir / "redis"
    with suppress(FileNotFoundError):
        handle = os.open(folder / "owner.lock", os.O_RDONLY)
        try:
            owned = not _lock(handle, fcntl.LOCK_SH)
        finally:
            os.close(handle)
        if owned:
            return address(_noted(folder))
    raise CannotStart("No Redis is running here: start `onetimeshare run`, or set REDIS_URL.")


def free(data_dir: Path) -> int:
    """Say how many bytes the disk of the server's own files has left."""
    disk = os.statvfs(data_dir)
    return disk.f_bavail * disk.f_frsize


def _note(folder: Path) -> Path:
    return folder / "socket"


def _noted(folder: Path) -> Path:
    return Path(_note(folder).read_text())


def _open_lock(folder: Path) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _lock(handle: int, kind: int) -> bool:
    """Lock for as long as the handle is open; the system frees it with us. False: it is taken."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@asynccontextmanager
async def _owned(folder: Path) -> AsyncIterator[None]:
    handle = _open_lock(folder)
    try:
        async with asyncio.timeout(LOCKED_WITHIN):
            while not _lock(handle, fcntl.LOCK_EX):  # noqa: ASYNC110 - nothing tells that it is free
                await asyncio.sleep(0.01)
    except TimeoutError:
        os.close(handle)
        raise CannotStart(
            f"Another process runs on the data folder {folder.parent}: stop it, or set DATA_DIR."
        ) from None
    try:
        yield
    finally:
        os.close(handle)


@asynccontextmanager
async def _socket(folder: Path) -> AsyncIterator[Path]:
    """Choose where the socket is and leave a note; it goes when the server is gone."""
    note = _note(folder)
    if note.exists():
        # The owner was killed, and its server may still run. We have the lock: nobody uses it.
        await end_server(_noted(folder))
        _remove(_noted(folder), folder)
    socket = folder / "redis.sock"
    if len(os.fsencode(socket)) > LONGEST_SOCKET:
        socket = Path(tempfile.mkdtemp(prefix="onetimeshare-")) / "redis.sock"
    note.write_text(str(socket))
    try:
        yield socket
    finally:
        note.unlink(missing_ok=True)
        _remove(socket, folder)


def _remove(socket: Path, folder: Path) -> None:
    with suppress(OSError):
        socket.unlink(missing_ok=True)
        if socket.parent != folder:
            socket.parent.rmdir()
