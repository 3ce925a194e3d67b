"""How Redis is reached: with patience for a restart, and an end to it."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from redis.asyncio import (
    BlockingConnectionPool,
    Connection,
    Redis,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from core.errors import CannotStart
from core.redis_address import Kind
from core.redis_cluster import Cluster, ClusterPipe
from core.redis_pipe import ServerPipe
from core.redis_state import RedisState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.redis_address import RedisAddress
    from core.redis_cluster import AnyRedis
    from core.redis_pipe import Pipe

log = structlog.get_logger()

CONNECTIONS = 32
RETRIES = 5  # within 1.3 seconds: rides through a restart, and says soon that it is down
PATIENCE = 5.0  # seconds that a request waits for a free connection, and for an answer


@asynccontextmanager
async def connect(
    address: RedisAddress, *, patience: float | None = PATIENCE
) -> AsyncIterator[AnyRedis]:
    """Connect; `patience` is in seconds, for each answer.

    Raises:
        CannotStart: it does not answer.
    """
    async with AsyncExitStack() as stack:
        if address.kind is Kind.CLUSTER:
            cluster = Cluster(address, patience)
            stack.push_async_callback(cluster.end)
            await cluster.join()
            yield cluster
            return
        pool = _pool(address, patience)
        stack.push_async_callback(pool.aclose)
        redis = Redis(connection_pool=pool)
        try:
            await redis.ping()
            told = await redis.info("cluster")
        except RedisError as error:
            raise CannotStart(f"Redis does not answer: {type(error).__name__}") from None
        if told.get("cluster_enabled"):
            raise CannotStart("REDIS_URL: this server is one of a cluster, write redis+cluster://")
        yield redis


def _pool(address: RedisAddress, patience: float | None) -> BlockingConnectionPool:
    """Make connections to the one server that there is."""
    if address.kind is not Kind.SINGLE:
        raise CannotStart(f"REDIS_URL: no {address.kind} can be used yet")
    return BlockingConnectionPool(
        max_connections=CONNECTIONS, timeout=PATIENCE, **_place(address), **_each(address, patience)
    )


def _place(address: RedisAddress) -> dict[str, Any]:
    if address.path:
        return {"connection_class": UnixDomainSocketConnection, "path": address.path}
    [(host, port)] = address.nodes
    kind = Connection if address.tls is None else SSLConnection
    return {"connection_class": kind, "host": host, "port": port}


def _each(address: RedisAddress, patience: float | None) -> dict[str, Any]:
    """List what each connection needs, wherever it leads."""
    return {
        **address.login,
        **(address.tls or {}),
        "db": address.db,
        "socket_timeout": patience,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), RETRIES),
    }


def pipe_to(redis: AnyRedis) -> Pipe:
    """Lay the way for many calls at once over connections that nothing else uses."""
    return ClusterPipe(redis) if isinstance(redis, Cluster) else ServerPipe(redis)


async def warn_of_losses(redis: AnyRedis) -> None:
    """Say loudly how the operator's Redis could lose secrets; it is theirs to decide."""
    for state in await RedisState.read(redis):
        for risk in state.risks():
            log.warning("redis may lose secrets", server=state.server, reason=risk)
