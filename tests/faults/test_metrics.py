"""What is told of a Redis that does not answer."""

from __future__ import annotations

import asyncio
from math import isnan
from typing import TYPE_CHECKING

from tests.faults.kinds import BlackHole

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.faults.proxy import Proxy
    from tests.scrape import Scrape


async def test_metrics_say_what_is_away(
    web: Web, client: ClientSession, scrape: Scrape, redis_side: Proxy
) -> None:
    """They come in time: what can't be known is not a number, and a failed trip counts."""
    assert await scrape("ready", part="redis") == 1
    redis_side.fault = BlackHole()
    async with asyncio.timeout(10):
        assert await scrape("ready", part="redis") == 0
    assert isnan(scrape.last("secrets_alive") or 0)
    assert scrape.last("ready", part="blobs") == 1
    async with asyncio.timeout(10), client.get(f"{web.url}/readyz") as answer:
        told = await answer.json()
    assert (answer.status, told["ready"], told["redis"], told["blobs"]) == (503, False, False, True)
    async with client.get(f"{web.url}/healthz") as answer:
        assert answer.status == 200
    assert (await scrape("redis_trip_failures_total") or 0) >= 1
