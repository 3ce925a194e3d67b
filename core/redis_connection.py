"""How Redis is reached: with patience for a restart, and an end to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
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
from redis.exceptions import RedisClusterException, RedisError

from core.errors import CannotStart
from core.redis_address import Kind
from core.redis_cluster import Cluster
from core.redis_cluster_pipe import ClusterPipe
from core.redis_line import SILENCE
from core.redis_pipe import ServerPipe
from core.redis_refusal import why_no_cluster, why_not
from core.redis_sentinel import sentinel_pool
from core.redis_server import OLDEST
from core.redis_state import RedisState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import ConnectionPool

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
    """Connect; `patience` is in seconds, for each answer, where the address says nothing else.

    Raises:
        CannotStart: it does not answer, or to somebody else only.
    """
    if address.kind is Kind.CLUSTER:
        async with _cluster(address, address.patience or patience) as cluster:
            yield cluster
        return
    pools = sentinel_pool if address.kind is Kind.SENTINEL else _single_pool
    async with pools(address, _options(address, patience)) as pool:
        redis = Redis(connection_pool=pool)
        try:
            await redis.ping()
            told = await redis.info("cluster")
        except RedisError as error:
            raise CannotStart(why_not(error, address)) from None
        if told.get("cluster_enabled"):
            raise CannotStart("REDIS_URL: this server is one of a cluster, write redis+cluster://")
        yield redis


def _options(address: RedisAddress, patience: float | None) -> dict[str, Any]:
    """List what a pool and its connections need, wherever they lead."""
    return {
        **address.login,
        **(address.tls or {}),
        "db": address.db,
        "max_connections": CONNECTIONS,
        "timeout": PATIENCE,
        "socket_timeout": address.patience or patience,
        "socket_connect_timeout": address.patience or PATIENCE,
        "retry": Retry(ExponentialBackoff(cap=0.5, base=0.05), RETRIES),
        "driver_info": None,  # telling it takes a right more, and a word for each connection
    }


@asynccontextmanager
async def _cluster(address: RedisAddress, patience: float | None) -> AsyncIterator[Cluster]:
    cluster = Cluster(address, patience)
    try:
        try:
            await cluster.initialize()
        except (RedisError, RedisClusterException) as error:
            raise CannotStart(why_no_cluster(error, address)) from None
        yield cluster
    finally:
        await cluster.end()


@asynccontextmanager
async def _single_pool(
    address: RedisAddress, options: dict[str, Any]
) -> AsyncIterator[ConnectionPool]:
    """Have connections to the one server that there is."""
    place: dict[str, Any] = {"connection_class": UnixDomainSocketConnection, "path": address.path}
    if not address.path:
        [(host, port)] = address.nodes
        kind = Connection if address.tls is None else SSLConnection
        place = {"connection_class": kind, "host": host, "port": port}
    pool = BlockingConnectionPool(**place, **options)
    try:
        yield pool
    finally:
        await pool.aclose()


def pipe_to(redis: AnyRedis, replicas: int = 0) -> Pipe:
    """Lay the way for many calls at once over connections that nothing else uses.

    What they write is acknowledged when so many replicas have it too.
    """
    if isinstance(redis, Cluster):
        return ClusterPipe(redis, replicas)
    pool = redis.connection_pool
    patience = pool.connection_kwargs.get("socket_timeout")
    return ServerPipe(pool, replicas, silence=patience or SILENCE)


async def judge(redis: AnyRedis) -> None:
    """Say loudly how the operator's Redis could lose secrets; it is theirs to decide.

    Raises:
        CannotStart: it is too old for us.
    """
    for state in await RedisState.read(redis):
        if state.too_old:
            raise CannotStart(
                f"Redis is version {state.version}: use {OLDEST} or newer, or Valkey."
            )
        named = {"server": state.server} if state.server else {}
        if not state.takes_writes:
            other = "it is loading, too few replicas follow it, or its disk is full"
            why = "it is a replica" if state.replica else other
            log.warning("redis takes no writes", reason=why, **named)
        for risk in state.risks():
            log.warning("redis may lose secrets", reason=risk, **named)
