"""A Redis Cluster: its client, and the way of many calls to its servers.

The library's pipeline closes every connection when one server is away, and repeats commands that
had answered with nothing. This one leaves the others alone, and repeats what went astray.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, PipelineCommand, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    RedisClusterException,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from core.redis_address import RedisAddress
    from core.redis_pipe import Argument, Command

CONNECTIONS = 32  # of one client, to each server
PATIENCE = 5.0  # seconds that a call waits for a free connection
ANSWER_WITHIN = 2.0  # seconds for the commands of one lane, after which another server may have it
PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.5)  # seconds; a move is followed at once, a restart awaited
REDIRECTS = AskError, TryAgainError
AWAY = ClusterDownError, NoConnection, NoAnswer
SCRIPTS = {"EVALSHA", "EVAL"}


class Cluster(RedisCluster):
    """The library's client; what fails is a RedisError, and no connection free means to wait."""

    def __init__(self, address: RedisAddress, patience: float | None) -> None:
        """Take some of its servers; `patience` is in seconds, for each answer."""
        more: dict[str, Any] = {**address.login, **(address.tls or {})}
        super().__init__(
            startup_nodes=[ClusterNode(host, port) for host, port in address.nodes],
            max_connections=CONNECTIONS,
            socket_timeout=patience,
            socket_connect_timeout=ANSWER_WITHIN,
            retry=Retry(NoBackoff(), 0),  # `execute_command` does it, with pauses
            ssl=address.tls is not None,
            **more,
        )
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


class ClusterPipe:
    """To the servers of a cluster, all at once."""

    ordered = False

    def __init__(self, cluster: Cluster) -> None:
        """Take a cluster's client for this alone: where a slot is, is learned through it."""
        self._cluster = cluster
        self._map = cluster.nodes_manager

    def lane(self, key: Argument) -> str:
        return self._owner(key).name

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        sent = [PipelineCommand(n, *command) for n, command in enumerate(commands)]
        await self._send(sent)
        for pause in PAUSES:
            astray = list(_astray(sent))
            if not astray:
                break
            await self._learn(astray)
            await asyncio.sleep(pause)
            await self._send(astray)
        return [command.result for command in sent]

    async def _send(self, commands: Sequence[PipelineCommand]) -> None:
        """Have commands run by whoever has their keys, or shall be asked."""
        visits: dict[str, tuple[ClusterNode, list[PipelineCommand]]] = {}
        for command in commands:
            asked = command.result if type(command.result) is AskError else None
            node = self._owner(_key(command)) if asked is None else self._other(asked)
            _, together = visits.setdefault(node.name, (node, []))
            if asked is not None:
                together.append(PipelineCommand(-1, "ASKING"))
            together.append(command)
        await asyncio.gather(*(_visit(*visit) for visit in visits.values()))

    async def _learn(self, astray: Sequence[PipelineCommand]) -> None:
        """Note where slots moved to; ask for a new map when servers are away."""
        for command in astray:
            if isinstance(command.result, MovedError):
                await self._map.move_slot(command.result)
        if all(isinstance(command.result, REDIRECTS) for command in astray):
            return
        away = next(c for c in astray if not isinstance(c.result, REDIRECTS))
        name = self.lane(_key(away))
        with suppress(RedisError, RedisClusterException, TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._map.initialize(last_failed_node_name=name)

    def _owner(self, key: Argument) -> ClusterNode:
        node = self._cluster.get_node_from_key(key)  # type: ignore[arg-type]  # any key will do
        assert node is not None  # noqa: S101 - only a replica may be missing
        return node

    def _other(self, asked: AskError) -> ClusterNode:
        """Find a server that takes a slot over, and has none yet, perhaps."""
        node = self._map.get_node(asked.host, asked.port)
        if node is None:
            node = ClusterNode(asked.host, asked.port, **self._cluster.connection_kwargs)
            self._map.set_nodes(self._map.nodes_cache, {node.name: node})
        return node


async def _visit(node: ClusterNode, commands: list[PipelineCommand]) -> None:
    """Send commands in one round trip; each has its answer or an error afterwards."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            await node.execute_pipeline(commands)
    except (RedisError, TimeoutError) as error:
        failed = error if isinstance(error, RedisError) else NoAnswer("it hangs")
        for command in commands:
            command.result = failed


def _astray(commands: Sequence[PipelineCommand]) -> Iterator[PipelineCommand]:
    """List what found nobody, and what came after it on the same key: the order holds."""
    keys = set()
    for command in commands:
        if isinstance(command.result, (*REDIRECTS, *AWAY)):
            keys.add(_key(command))
        if _key(command) in keys:
            yield command


def _key(command: PipelineCommand) -> Argument:
    args: Command = command.args
    return args[3] if args[0] in SCRIPTS else args[1]
