"""A Redis Cluster's client."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, PipelineCommand, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, RedisClusterException
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from core.redis_address import RedisAddress
    from core.redis_pipe import Command

CONNECTIONS = 32  # of one client, to each server
PATIENCE = 5.0  # seconds that a call waits for a free connection
ANSWER_WITHIN = 2.0  # seconds for the commands of one lane, after which another server may have it
PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.5)  # seconds; a move is followed at once, a restart awaited
AWAY = ClusterDownError, NoConnection, NoAnswer


class Cluster(RedisCluster):
    """The library's client; what fails is a RedisError, and no connection free means to wait."""

    def __init__(self, address: RedisAddress, patience: float | None) -> None:
        """Take some of its servers; `patience` is in seconds, for each answer."""
        more: dict[str, Any] = {**address.login, **(address.tls or {})}
        opens_key = {name: more.pop(name) for name in ("ssl_password",) if name in more}
        super().__init__(
            startup_nodes=[ClusterNode(host, port) for host, port in address.nodes],
            max_connections=CONNECTIONS,
            socket_timeout=patience,
            socket_connect_timeout=ANSWER_WITHIN,
            retry=Retry(NoBackoff(), 0),  # `execute_command` does it, with pauses
            ssl=address.tls is not None,
            driver_info=None,  # telling it takes a right more, and a word for each connection
            **more,
        )
        # Its connections take that, and it does not pass it on.
        for options in [self.connection_kwargs, *(n.connection_kwargs for n in self.startup_nodes)]:
            options.update(opens_key)
        self._free = asyncio.Semaphore(CONNECTIONS)

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the library's
        async with self._place():
            for pause in PAUSES:
                with suppress(*AWAY):
                    return await self._execute_once(*args, **kwargs)
                await asyncio.sleep(pause)
            return await self._execute_once(*args, **kwargs)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise NoConnection("all connections are taken") from None
        try:
            yield
        finally:
            self._free.release()

    async def _execute_once(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - same
        try:
            return await super().execute_command(*args, **kwargs)
        except RedisClusterException as error:  # no server answers, or nobody has the slot
            raise NoConnection(str(error)) from error

    async def each(self, *command: str) -> dict[str, Any]:
        """Give a command to every primary; answer by their names.

        Raises:
            RedisError: one of them does not answer.
        """
        nodes = self.get_primaries()
        told = await asyncio.gather(
            *(self.execute_command(*command, target_nodes=node) for node in nodes)
        )
        return {node.name: answer for node, answer in zip(nodes, told, strict=True)}

    async def at(self, key: str, commands: Sequence[Command]) -> list[Any]:
        """Have commands run in one round trip by the server that has a key, whatever they touch.

        Raises:
            RedisError: it does not answer.
        """
        node = self.get_node_from_key(key)
        if node is None:
            raise NoConnection("nobody has that slot")
        sent = [PipelineCommand(n, *command) for n, command in enumerate(commands)]
        await node.execute_pipeline(sent)
        return [command.result for command in sent]

    async def end(self) -> None:
        """Close all connections, also those that `aclose` leaves open after an error."""
        await self.aclose()
        for nodes in "nodes_cache", "startup_nodes":
            await self.nodes_manager.aclose(nodes)


AnyRedis: TypeAlias = Redis | Cluster  # one server, or many that take the same commands
