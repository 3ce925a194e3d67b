"""How Redis is reached: with patience for a restart, and an end to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from core.errors import CannotStart
from core.redis_server import OLDEST
from core.redis_state import RedisState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = structlog.get_logger()

CONNECTIONS = 32
RETRIES = 5  # within 1.3 seconds: rides through a restart, and says soon that it is down
PATIENCE = 5.0  # seconds that a request waits for a free connection, and for an answer


@asynccontextmanager
async def connect(url: str, *, patience: float | None = PATIENCE) -> AsyncIterator[Redis]:
    """Connect; `patience` is in seconds, for each answer."""
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_timeout=patience,
            socket_connect_timeout=PATIENCE,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), RETRIES),
        )
    except ValueError:
        raise CannotStart("REDIS_URL: write redis://, rediss:// or unix://") from None
    try:
        redis = Redis(connection_pool=pool)
        try:
            await redis.ping()
        except RedisError as error:
            raise CannotStart(f"Redis does not answer: {type(error).__name__}") from None
        yield redis
    finally:
        await pool.aclose()


async def judge(redis: Redis) -> None:
    """Say loudly how the operator's Redis could lose secrets; it is theirs to decide.

    Raises:
        CannotStart: it is too old for us.
    """
    state = await RedisState.read(redis)
    if state.too_old:
        raise CannotStart(f"Redis is version {state.version}: use {OLDEST} or newer, or Valkey.")
    if not state.takes_writes:
        why = "it is a replica" if state.replica else "it is loading, or its disk is full"
        log.warning("redis takes no writes", reason=why)
    for risk in state.risks():
        log.warning("redis may lose secrets", reason=risk)
