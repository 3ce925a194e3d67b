"""Two real web processes on one Redis, with a proxy between, and many clients at once."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from aiohttp import ClientSession, TCPConnector
from redis.asyncio import Redis

from core.draft import KEPT
from core.embedded import embedded_redis
from core.record import record_key
from tests.faults.proxy import Proxy
from tests.page import Page, Shared, Told
from tests.test_process import free_port, ready, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterable

AT_ONCE = 500
SOAK = bool(os.environ.get("SOAK"))


@dataclass(frozen=True, slots=True)
class Storm:
    """Two addresses of one service, and a look into its records."""

    urls: tuple[str, str]
    client: ClientSession
    redis: Redis
    proxy: Proxy

    async def share(self, text: str, **fields: str) -> Shared:
        return await Shared.hand_in(self.client, self.urls[0], text=text, **fields)

    def pages(self, shared: Shared, count: int) -> list[Page]:
        """Give pages with claims of their own, turn by turn at either process."""
        return [Page(self.client, self.urls[n % 2], shared.link) for n in range(count)]

    async def record(self, shared: Shared) -> dict[Any, Any]:
        return await self.redis.hgetall(record_key(shared.id))


def text_of(number: int) -> str:
    """Give a text that is kept in its record, or every other time one that is kept in a file."""
    return f"secret {number}" + " and more" * (number % 2 * KEPT)


async def at_once(calls: Iterable[Awaitable[Told]]) -> list[Told]:
    return await asyncio.gather(*calls)


def winners(pages: list[Page]) -> list[bytes]:
    """Collect what was received, for each claim that got a byte."""
    return [bytes(page.received) for page in pages if page.received]


def one_won(pages: list[Page], told: list[Told], text: str, at: str) -> None:
    """One has the whole text and was told so; to all others it was refused."""
    assert winners(pages) == [text.encode()], at
    for page, answer in zip(pages, told, strict=True):
        assert (answer.status == 200) == bool(page.received), (at, answer)
        assert answer.status == 200 or answer.problem in {"taken", "gone"}, (at, answer)


@pytest.fixture
async def storm(tmp_path: Path) -> AsyncIterator[Storm]:
    """Start it all, on loopback."""
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(embedded_redis(tmp_path / "own"))
        server = Path(unquote(urlsplit(address).path))
        proxy = await stack.enter_async_context(Proxy(server).listening())
        redis = await stack.enter_async_context(Redis.from_url(address))
        connector = TCPConnector(limit=AT_ONCE)
        client = await stack.enter_async_context(
            ClientSession(connector=connector, headers={"Accept": "application/json"})
        )
        urls = []
        for _ in range(2):
            port, through = str(free_port()), f"redis://127.0.0.1:{proxy.port}"
            process = running(tmp_path, "web", PORT=port, REDIS_URL=through)
            await stack.enter_async_context(process)
            urls.append(f"http://127.0.0.1:{port}")
            await ready(client, urls[-1])
        yield Storm((urls[0], urls[1]), client, redis, proxy)
