"""Connections to whichever server the sentinels call the primary, anew after each fail-over."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import NoBackoff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import ConnectionPool

    from core.redis_address import RedisAddress

PATIENCE = 1.0  # seconds for a sentinel to answer, before the next one is asked


class BlockingSentinelPool(SentinelConnectionPool, BlockingConnectionPool):
    """Whoever finds no free connection waits, as with one server; which server, sentinels say.

    A new connection asks them first. One that finds itself with a server that takes no writes any
    more, or with none, is closed and asks again.
    """


@asynccontextmanager
async def sentinel_pool(
    address: RedisAddress, options: dict[str, Any]
) -> AsyncIterator[ConnectionPool]:
    """Have connections to the primary; `options` are a pool's, and those of each connection."""
    asked = {
        **address.sentinel_login,
        **({} if address.tls is None else {**address.tls, "ssl": True}),
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 0),  # the next sentinel is the better try
    }
    kind = SentinelManagedConnection if address.tls is None else SentinelManagedSSLConnection
    async with Sentinel(address.nodes, sentinel_kwargs=asked) as sentinels:  # type: ignore[no-untyped-call]
        pool = BlockingSentinelPool(  # type: ignore[no-untyped-call]
            address.primary, sentinels, connection_class=kind, **options
        )
        try:
            yield pool
        finally:
            await pool.aclose()
