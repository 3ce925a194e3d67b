"""Two web processes that share nothing but a Redis, blobs included: the main job, and a rush."""

from __future__ import annotations

import os
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from redis.asyncio import Redis

from core.embedded import embedded_redis
from core.record import record_key
from tests.page import Page, Shared, hand_in, until_told
from tests.stores import SERVER_KEY
from tests.storms.conftest import at_once, one_won, text_of
from tests.test_process import free_port, ready, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


ROUNDS = 4
PARALLEL = 100
SIZE = 3_000_000  # bytes


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[Redis]:
    """Run a Redis that comes back when it dies."""
    async with embedded_redis(tmp_path / "own") as address, Redis.from_url(address) as redis:
        yield redis


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    """Give a client that asks as programs do."""
    async with ClientSession(headers={"Accept": "application/json"}) as client:
        yield client


@pytest.fixture
async def urls(tmp_path: Path, redis: Redis, client: ClientSession) -> AsyncIterator[list[str]]:
    """Run two web processes, each with a data folder of its own."""
    address = f"unix://{redis.connection_pool.connection_kwargs['path']}"
    given = {"REDIS_URL": address, "BLOBS_URL": "redis:", "SECRET_KEY": SERVER_KEY}
    async with AsyncExitStack() as stack:
        urls = []
        for name in ("first", "second"):
            port = str(free_port())
            process = running(tmp_path, "web", PORT=port, DATA_DIR=name, **given)
            await stack.enter_async_context(process)
            urls.append(f"http://127.0.0.1:{port}")
            await ready(client, urls[-1])
        yield urls


async def interrupted(page: Page, after: int) -> None:
    """Take so many bytes, and lose the connection."""
    fields = {"claim": page.claim.reveal(), "ticket": page.ticket}
    async with page.client.post(f"{page.at}/data", json=fields) as answer:
        page.received += await answer.content.readexactly(after)
        answer.close()


async def test_file_is_received_though_connections_break_and_redis_is_killed(
    redis: Redis, urls: list[str], client: ClientSession
) -> None:
    """What one process took in, the other hands out, from where it was interrupted."""
    data = os.urandom(SIZE)
    told = await hand_in(client, urls[0], data)
    assert told.status == 201
    page = Page(client, urls[0], Shared.of(client, urls[0], told).link)
    assert (await page.open()).status == 200
    await interrupted(page, SIZE // 3)
    os.kill((await redis.info("server"))["process_id"], signal.SIGKILL)
    page.url = urls[1]
    assert (await until_told(page.data)).status == 206
    assert bytes(page.received) == data
    assert (await until_told(Page(client, urls[1], page.link).download)).problem == "gone"
    assert (await page.done()).status == 204
    assert await redis.exists(f"{record_key(page.link.id)}:blob") == 0
    assert await redis.get(f"{record_key(page.link.id)}:latch") == page.claim.holder.encode()


async def test_rush_has_one_winner(urls: list[str], client: ClientSession) -> None:
    """Of a hundred pages at both processes one receives it, where blobs lie and in records."""
    for number in range(ROUNDS):
        shared = await Shared.hand_in(client, urls[0], text=text_of(number))
        pages = [Page(client, urls[n % 2], shared.link) for n in range(PARALLEL)]
        told = await at_once(page.download() for page in pages)
        one_won(pages, told, text_of(number), f"round {number}")
