"""The web server with a proxy on either side: towards its Redis, and towards its clients."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from core.embedded import embedded_redis
from core.scripts import source
from core.settings import Settings
from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

    from tests.conftest import Web

PATIENCE = 0.3  # seconds that this Redis client waits: the address says so, as an operator's may
PASSWORD = "four words of mine"


def call_of(script: str) -> bytes:
    """Tell by what a call of a script is known on its way: the hash of its text."""
    return hashlib.sha1(source(script).encode(), usedforsecurity=False).hexdigest().encode()


@pytest.fixture
async def redis_side(tmp_path: Path) -> AsyncIterator[Proxy]:
    """Stand between the web server and a Redis."""
    async with embedded_redis(tmp_path / "own") as address:
        async with Proxy(Path(unquote(urlsplit(address).path))).listening() as proxy:
            yield proxy


@pytest.fixture
def settings(tmp_path: Path, listening: socket.socket, redis_side: Proxy) -> Settings:
    """Give the defaults, on a Redis behind the proxy."""
    through = f"redis://127.0.0.1:{redis_side.port}?socket_timeout={PATIENCE}"
    given = {
        "DATA_DIR": str(tmp_path / "data"),
        "PUBLIC_URL": f"http://localhost:{listening.getsockname()[1]}",
        "REDIS_URL": through,
    }
    return Settings.parse(given)


@pytest.fixture
async def client_side(web: Web) -> AsyncIterator[Proxy]:
    """Stand between clients and the web server."""
    async with Proxy(int(web.url.rpartition(":")[2])).listening() as proxy:
        yield proxy
