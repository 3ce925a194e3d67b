"""A Redis that is not the server's own: started beside it, reached by its address."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core.redis_server import address, find_server
from tests.benchmarks.servers import READY_WITHIN, ended

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


@asynccontextmanager
async def external_redis(folder: Path, *options: str) -> AsyncIterator[str]:
    """Run a Redis in the block; yields its address."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs yet
    socket = folder / "redis.sock"
    server = await asyncio.create_subprocess_exec(
        *(find_server(), "--port", "0", "--unixsocket", str(socket), "--save", "", *options),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(READY_WITHIN):
            while not socket.exists():
                await asyncio.sleep(0.005)
        yield address(socket)
    finally:
        await ended(server)
