"""The web server with a proxy on either side: towards its Redis, and towards its clients."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from redis.asyncio import ConnectionPool

from core.embedded import embedded_redis
from core.limits import Windows
from core.redis_pipe import ServerPipe
from core.scripts import Scripts
from core.settings import Settings
from tests.faults.proxy import Proxy
from tests.generous import GENEROUS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conftest import Web

PATIENCE = 0.3  # seconds that this Redis client waits: the address says so, as an operator's may
PASSWORD = "four words of mine"


def calls_of(script: str) -> tuple[bytes, ...]:
    """Tell by what calls of a script are known on their way: the hashes of their texts.

    One server is sent the text of a script with all that it travels with, as one step.
    """
    scripts = Scripts(ServerPipe(ConnectionPool()))
    Windows(scripts)
    before = "note" if script == "claim" else "spare"
    for asked in ((), ("acquire window",)):
        scripts._as_one([(name, "") for name in (*asked, before, script)], asks=bool(asked))
    known = scripts._scripts.items()
    return tuple(one.sha.encode() for name, one in known if name.split(", ")[-1] == script)


@asynccontextmanager
async def connected(
    web: Web, *, small: bool = False
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Speak to the web server byte by byte; `small`: little waits until it is read."""
    raw = socket.socket()
    if small:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port_of(web)))
    reader, writer = await asyncio.open_connection(sock=raw, limit=4096)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def port_of(web: Web) -> int:
    return int(web.url.rpartition(":")[2])


@pytest.fixture
async def redis_side(tmp_path: Path) -> AsyncIterator[Proxy]:
    """Stand between the web server and a Redis."""
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(embedded_redis(tmp_path / "own"))
        server = Path(unquote(urlsplit(address).path))
        yield await stack.enter_async_context(Proxy(server).listening())


@pytest.fixture
def settings(tmp_path: Path, listening: socket.socket, redis_side: Proxy) -> Settings:
    """Give the defaults with generous limits, on a Redis behind the proxy."""
    through = f"redis://127.0.0.1:{redis_side.port}?socket_timeout={PATIENCE}"
    given = {
        "DATA_DIR": str(tmp_path / "data"),
        "PUBLIC_URL": f"http://localhost:{listening.getsockname()[1]}",
        "REDIS_URL": through,
    }
    return Settings.parse(GENEROUS | given)


@pytest.fixture
async def client_side(web: Web) -> AsyncIterator[Proxy]:
    """Stand between clients and the web server."""
    async with Proxy(port_of(web)).listening() as proxy:
        yield proxy
