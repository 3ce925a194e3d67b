"""The servers that are compared, each a process of its own on a folder of its own."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sys
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.client import Connection
from tests.generous import GENEROUS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "bare": ("-m", "tests.benchmarks.bare"),
    "ours": (str(ROOT / "onetimeshare.py"), "run"),
    "careless": ("-m", "tests.benchmarks.careless"),
}
READY_WITHIN = 20.0  # seconds


@asynccontextmanager
async def servers(*names: str) -> AsyncIterator[dict[str, int]]:
    """Run servers in the block; yields their ports by name."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        yield {name: await stack.enter_async_context(_server(name, folder)) for name in names}


@asynccontextmanager
async def _server(name: str, folder: str) -> AsyncIterator[int]:
    port, own = _free_port(), Path(folder) / name
    own.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        **GENEROUS,
        # Names the folders of blobs, and with it the part of the disk that ext4 lays them out on:
        # next to the files that an earlier run deleted just now, it is slow to make new ones.
        "MAX_LIFETIME": f"{random.randrange(8, 365)}d",  # noqa: S311 - no secret
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *COMMANDS[name],
        cwd=own,
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(READY_WITHIN):
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
