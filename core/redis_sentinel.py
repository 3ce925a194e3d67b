"""Connections to whichever server the sentinels call the primary, anew after each fail-over."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    MasterNotFoundError,
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError, TimeoutError  # noqa: A004 - as redis-py

from core.background import beside
from core.errors import CannotStart
from core.redis_refusal import why_not

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import ConnectionPool

    from core.redis_address import Node, RedisAddress

OFTEN = 0.5  # seconds between two looks at who is the primary
CONNECTED_WITHIN = 2.0  # seconds, before the sentinels are asked again
PATIENCE = 1.0  # seconds for a sentinel to answer, before the next one is asked


class Sentinels(Sentinel):
    """Asks for the primary as Sentinel's protocol has it.

    redis-py reads the list of all primaries, where the old one stands until every replica follows
    the new one.
    """

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Ask one sentinel after the other, first the one that knew it last.

        Raises:
            MasterNotFoundError: none knows it, or none answers.
        """
        for sentinel in tuple(self.sentinels):  # others may be asking, and moving one up
            with suppress(ConnectionError, TimeoutError):
                named: Any = await sentinel.sentinel_get_master_addr_by_name(service_name)
                if named is not None:
                    self.sentinels.remove(sentinel)
                    self.sentinels.insert(0, sentinel)
                    return str(named[0]), int(named[1])
        raise MasterNotFoundError(service_name)


class _Asking(SentinelManagedConnection):
    """Asks for the primary also where a call is repeated, which redis-py sends to the same one."""

    async def _connect(self) -> None:
        self.host, self.port = await self.connection_pool.get_master_address()
        await super()._connect()  # type: ignore[no-untyped-call]


class _AskingTLS(_Asking, SentinelManagedSSLConnection):
    pass


class BlockingSentinelPool(SentinelConnectionPool, BlockingConnectionPool):
    """Whoever finds no free connection waits, as with one server; which server, sentinels say.

    A new connection asks them first. One that finds itself with a server that takes no writes any
    more, or with none, is closed and asks again.
    """

    async def follow(self) -> None:
        """Leave a primary that was replaced though it still answers: until it is told, it loses.

        A hand-over in order tells it last, after some seconds.
        """
        known = self.master_address
        while True:
            await asyncio.sleep(OFTEN)
            with suppress(RedisError):
                # Closes what is idle if it is another one.
                named = await self.get_master_address()  # type: ignore[no-untyped-call]
                if named != known:
                    await self.update_active_connections_for_reconnect()  # type: ignore[no-untyped-call]
                known = named


@asynccontextmanager
async def sentinel_pool(
    address: RedisAddress, options: dict[str, Any]
) -> AsyncIterator[ConnectionPool]:
    """Have connections to the primary; `options` are a pool's, and those of each connection.

    Raises:
        CannotStart: no sentinel answers.
    """
    kind = _Asking if address.tls is None else _AskingTLS
    async with _sentinels(address) as sentinels:
        silent = await _silent(sentinels, address)
        if len(silent) == len(address.nodes):
            reason = why_not(next(iter(silent.values())), address)
            raise CannotStart(f"No sentinel can be asked. {reason}")
        pool = BlockingSentinelPool(  # type: ignore[no-untyped-call]
            address.primary,
            sentinels,
            connection_class=kind,
            **options | {"socket_connect_timeout": CONNECTED_WITHIN},
        )
        try:
            async with beside(pool.follow()):
                yield pool
        finally:
            await pool.aclose()


async def silent_sentinels(address: RedisAddress) -> dict[Node, str]:
    """Tell which sentinels do not answer, and why."""
    async with _sentinels(address) as sentinels:
        silent = await _silent(sentinels, address)
        return {node: why_not(error, address) for node, error in silent.items()}


def _sentinels(address: RedisAddress) -> Sentinels:
    asked = {
        **address.sentinel_login,
        **({} if address.tls is None else {**address.tls, "ssl": True}),
        "decode_responses": True,
        "socket_timeout": PATIENCE,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 0),  # the next sentinel is the better try
    }
    return Sentinels(address.nodes, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]


async def _silent(sentinels: Sentinel, address: RedisAddress) -> dict[Node, RedisError]:
    """Speak to each: what refuses us is not told when they are searched for a primary."""
    pings = (sentinel.ping() for sentinel in sentinels.sentinels)
    answers = await asyncio.gather(*pings, return_exceptions=True)
    pairs = zip(address.nodes, answers, strict=True)
    return {node: error for node, error in pairs if isinstance(error, RedisError)}
