"""The way of many calls to the servers of a cluster.

The library's pipeline closes every connection when one server is away, and repeats commands that
had answered with nothing. This one leaves the others alone, and repeats what went astray.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from redis.asyncio.cluster import ClusterNode, PipelineCommand
from redis.exceptions import (
    AskError,
    MovedError,
    RedisClusterException,
    RedisError,
    TryAgainError,
)
from redis.exceptions import TimeoutError as NoAnswer

from core.redis_cluster import ANSWER_WITHIN, AWAY, PAUSES
from core.redis_pipe import LAST, missed, taken_back, waiting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from core.redis_cluster import Cluster
    from core.redis_pipe import Argument, Command

REDIRECTS = AskError, TryAgainError
SCRIPTS = {"EVALSHA", "EVAL"}
LASTS = 4096  # names among which each server has one
NONE = -1  # the number of what nobody asked for


class ClusterPipe:
    """To the servers of a cluster, all at once."""

    ordered = gathers = False

    def __init__(self, cluster: Cluster, replicas: int = 0) -> None:
        """Take a cluster's client for this alone: where a slot is, is learned through it."""
        self.replicas = replicas
        self._cluster = cluster
        self._map = cluster.nodes_manager

    def lane(self, key: Argument) -> str:
        return self._owner(key).name

    async def send(self, commands: Sequence[Command], lasting: Collection[int] = ()) -> list[Any]:
        sent = [PipelineCommand(n, *command) for n, command in enumerate(commands)]
        await self._send(sent, lasting)
        for pause in PAUSES:
            astray = list(_astray(sent))
            if not astray:
                break
            await self._learn(astray)
            await asyncio.sleep(pause)
            await self._send(astray, lasting)
        return [command.result for command in sent]

    async def aclose(self) -> None:
        """Have nothing to wait for: whoever sends does."""

    async def _send(self, commands: Sequence[PipelineCommand], lasting: Collection[int]) -> None:
        """Have commands run by whoever has their keys, or shall be asked."""
        visits: dict[str, tuple[ClusterNode, list[PipelineCommand]]] = {}
        for command in commands:
            asked = command.result if type(command.result) is AskError else None
            node = self._owner(_key(command)) if asked is None else self._other(asked)
            _, together = visits.setdefault(node.name, (node, []))
            if asked is not None:
                together.append(PipelineCommand(NONE, "ASKING"))
            together.append(command)
        await asyncio.gather(*(self._visit(*visit, lasting) for visit in visits.values()))

    async def _visit(
        self, node: ClusterNode, commands: list[PipelineCommand], lasting: Collection[int]
    ) -> None:
        """Have them run, and by the server's replicas where one of them shall last."""
        shall = [command for command in commands if command.position in lasting]
        if not shall:
            await _run(node, commands)
            return
        last, reached = (
            PipelineCommand(NONE, *command) for command in waiting(self._last(node), self.replicas)
        )
        await _run(node, [*commands, last, reached])
        lost = missed(last.result, reached.result, self.replicas)
        if lost is not None:
            for command in shall:
                command.result = taken_back(command.result, lost)

    def _last(self, node: ClusterNode) -> str:
        """Name a key that a server has; one that has no slot yet will refuse it."""
        names = (f"{LAST}:{n}" for n in range(LASTS))
        return next((name for name in names if self._owner(name) is node), LAST)

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


async def _run(node: ClusterNode, commands: list[PipelineCommand]) -> None:
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
