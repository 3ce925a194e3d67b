"""Calls to Redis share their round trips, and no call waits for ever for its turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from redis.asyncio import BlockingConnectionPool, Redis

from core.errors import Unavailable
from core.redis_pipe import ServerPipe
from core.scripts import TRIPS, Scripts
from core.together import MOST

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter


async def _silent(asking: StreamReader, answering: StreamWriter) -> None:
    """Take everything, and never answer."""
    while await asking.read(1 << 16):
        pass
    answering.close()


async def test_crowd_before_a_silent_redis_is_told_in_time() -> None:
    """However many wait for a trip, the last is told as soon as the second: its time is over."""
    server = await asyncio.start_server(_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    redis = Redis(connection_pool=BlockingConnectionPool(host="127.0.0.1", port=port))
    scripts = Scripts(ServerPipe(redis), patience=0.5)
    crowd = [scripts.together(("GET", "x")) for _ in range(30 * TRIPS * MOST)]
    async with server, asyncio.timeout(10):  # not 30 times half a second
        told = await asyncio.gather(*crowd, return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in told)
    await redis.connection_pool.disconnect()
