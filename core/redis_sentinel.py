"""Connections to whichever server the sentinels call the primary, anew after each fail-over."""

from __future__ import annotations

import asyncio
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
from redis.exceptions import RedisError

from core.errors import CannotStart
from core.redis_refusal import why_not

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import ConnectionPool

    from core.redis_address import Node, RedisAddress

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
    """Have connections to the primary; `options` are a pool's, and those of each connection.

    Raises:
        CannotStart: no sentinel answers.
    """
    kind = SentinelManagedConnection if address.tls is None else SentinelManagedSSLConnection
    async with _sentinels(address) as sentinels:
        silent = await _silent(sentinels, address)
        if len(silent) == len(address.nodes):
            reason = why_not(next(iter(silent.values())), address)
            raise CannotStart(f"No sentinel can be asked. {reason}")
        pool = BlockingSentinelPool(  # type: ignore[no-untyped-call]
            address.primary, sentinels, connection_class=kind, **options
        )
        try:
            yield pool
        finally:
            await pool.aclose()


async def silent_sentinels(address: RedisAddress) -> dict[Node, str]:
    """Tell which sentinels do not answer, and why."""
    async with _sentinels(address) as sentinels:
        silent = await _silent(sentinels, address)
        return {node: why_not(error, address) for node, error in silent.items()}


def _sentinels(address: RedisAddress) -> Sentinel:
    asked = {
        **address.sentinel_login,
        **({} if address.tls is None else {**address.tls, "ssl": True}),
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 0),  # the next sentinel is the better try
    }
    return Sentinel(address.nodes, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]


async def _silent(sentinels: Sentinel, address: RedisAddress) -> dict[Node, RedisError]:
    """Speak to each: what refuses us is not told when they are searched for a primary."""
    pings = (sentinel.ping() for sentinel in sentinels.sentinels)
    answers = await asyncio.gather(*pings, return_exceptions=True)
    pairs = zip(address.nodes, answers, strict=True)
    return {node: error for node, error in pairs if isinstance(error, RedisError)}
