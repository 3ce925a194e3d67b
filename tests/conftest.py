"""Real parts for every test: an embedded Redis, a vault on it, and what a test wants to hand in."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

from bots.share import Share
from core.bootstrap import House, open_vault
from core.settings import Settings
from tests.fakes.s3 import s3_server
from tests.generous import GENEROUS
from tests.scrape import Scrape
from web.app import serve
from web.metrics import serve_metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.fakes.s3 import Server


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """Open the vault on a Redis of this test's own."""
    async with open_vault(settings) as house:
        yield house


@pytest.fixture
def share(house: House, settings: Settings) -> Share:
    """Give the doors' way into the vault."""
    return Share.of(house, settings.public_url)


@dataclass(frozen=True, slots=True)
class Web:
    """A running web server on loopback."""

    url: str
    house: House
    settings: Settings


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Bind a free port before anything needs to know its number."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        yield listening


@pytest.fixture
def settings(tmp_path: Path, listening: socket.socket) -> Settings:
    """Give the defaults with generous limits, on a data folder and a port of this test's own."""
    port = listening.getsockname()[1]
    given = {"DATA_DIR": str(tmp_path / "data"), "PUBLIC_URL": f"http://localhost:{port}"}
    return Settings.parse(GENEROUS | given)


@pytest.fixture
async def web(house: House, settings: Settings, listening: socket.socket) -> AsyncIterator[Web]:
    """Run the web server as it is."""
    async with serve(house, settings, listening):
        yield Web(settings.public_url, house, settings)


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    """Run an object store."""
    pytest.importorskip("moto", reason="the S3 server of the tests is not installed")
    with s3_server() as server:
        yield server


@pytest.fixture
async def scrape(house: House, client: ClientSession) -> AsyncIterator[Scrape]:
    """Serve the metrics of a house."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with serve_metrics(house, "127.0.0.1", port):
        yield Scrape(client, port)


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    """Give an HTTP client that asks for JSON, as programs do."""
    async with ClientSession(headers={"Accept": "application/json"}) as session:
        yield session
