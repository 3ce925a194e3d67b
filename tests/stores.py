"""A store of blobs by its address, opened as the product opens it."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from core.blobs.opening import open_blobs
from core.redis_connection import connect, pipe_to
from core.scripts import Scripts
from core.settings import Settings
from tests.fakes.s3 import KEYS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.blobs import Blobs
    from core.redis_cluster import AnyRedis

LARGEST = 16 * 1024 * 1024  # bytes
SERVER_KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="


def at(url: str, **more: str) -> Settings:
    """Give the defaults with blobs at this address; a Redis' own address: they lie in that."""
    if not url.startswith(("file:", "s3:")):
        more = {"REDIS_URL": url, **more}
        url = "redis:"
    return Settings.parse({**KEYS, "BLOBS_URL": url, "SECRET_KEY": SERVER_KEY, **more})


def prefix(url: str) -> str:
    """Tell what the names of all objects of this store begin with."""
    return at(url).blobs.prefix


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Blobs]:
    """Open the store for the block."""
    settings = at(url)
    async with AsyncExitStack() as stack:
        redis: AnyRedis = Redis()  # other stores never ask it
        if settings.redis_url is not None:
            redis = await stack.enter_async_context(connect(settings.redis_url))
        scripts = Scripts(pipe_to(redis))
        stack.push_async_callback(scripts.aclose)
        spare = settings.allowance.min_free_disk
        blobs = await open_blobs(settings.blobs, LARGEST, spare=spare, redis=redis, scripts=scripts)
        stack.push_async_callback(blobs.aclose)
        yield blobs
