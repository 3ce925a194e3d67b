"""How calls travel to Redis: many in one round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

Argument: TypeAlias = bytes | str | int
Command: TypeAlias = tuple[Argument, ...]


class Pipe(Protocol):
    """Takes commands to where their keys are; each has one key, or more in the same slot.

    `ordered` says that they are run in the order in which they were sent, whatever their keys.
    """

    ordered: bool

    def lane(self, key: Argument) -> str:
        """Name the server that has a key: what travels in one lane does not wait for another."""

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """Have commands run, those on one key in their order; answer each, perhaps with an error.

        Raises:
            RedisError: none was answered; any may have been run.
        """


class ServerPipe:
    """To one server."""

    ordered = True

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def lane(self, key: Argument) -> str:  # noqa: ARG002 - it has all keys
        return ""

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            return await pipe.execute(raise_on_error=False)
