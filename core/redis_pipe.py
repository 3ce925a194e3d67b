"""How calls travel to Redis: many in one round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from redis.exceptions import RedisError

from core.redis_address import REPLICATED_WITHIN
from core.redis_line import SILENCE, Line

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from redis.asyncio import ConnectionPool

Argument: TypeAlias = bytes | str | int
Command: TypeAlias = tuple[Argument, ...]
Call: TypeAlias = tuple[Argument, ...]  # a script's or a command's name, its key, its arguments

LAST = "ots:last"
WRITE_LAST = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], 1)"


class TooFewReplicas(RedisError):
    """They do not have what was written; it can be done again."""


class Pipe(Protocol):
    """Takes commands to where their keys are; each has one key, or more in the same slot.

    `ordered` says that they are run in the order in which they were sent, whatever their keys;
    `gathers`, that what is sent in one moment travels together, and nobody waits too long.
    `replicas` is how many must have what lasts.
    """

    ordered: bool
    gathers: bool
    replicas: int

    def lane(self, key: Argument) -> str:
        """Name the server that has a key: what travels in one lane does not wait for another."""

    async def send(self, commands: Sequence[Command], lasting: Collection[int] = ()) -> list[Any]:
        """Have commands run, those on one key in their order; answer each, perhaps with an error.

        Those with the numbers `lasting` are well answered when the replicas have them.

        Raises:
            RedisError: none was answered; any may have been run.
        """

    async def aclose(self) -> None:
        """Wait for what is under way."""


class ServerPipe:
    """To one server, over one connection."""

    ordered = True

    def __init__(
        self, pool: ConnectionPool, replicas: int = 0, *, silence: float = SILENCE
    ) -> None:
        """Take where to get it; who is silent for so many seconds is given up for another one."""
        self._line = Line(pool, silence=silence)
        self.replicas = replicas
        # A connection that waits for replicas does nothing else: as many as can, wait as one.
        self.gathers = not replicas

    def lane(self, key: Argument) -> str:  # noqa: ARG002 - it has all keys
        return ""

    async def send(self, commands: Sequence[Command], lasting: Collection[int] = ()) -> list[Any]:
        if not lasting:
            return await self._line.send(commands)
        *answers, last, reached = await self._line.send([*commands, *waiting(LAST, self.replicas)])
        lost = missed(last, reached, self.replicas)
        if lost is not None:
            for n in lasting:
                answers[n] = taken_back(answers[n], lost)
        return answers

    async def aclose(self) -> None:
        await self._line.aclose()


def waiting(key: str, replicas: int) -> tuple[Command, Command]:
    """Write what makes a server wait for its replicas.

    It waits for what this connection wrote. A step done before, whose reply was lost on another
    one, writes nothing now; so a key of that server is written after whatever that was.
    """
    return ("EVAL", WRITE_LAST, 1, key), ("WAIT", replicas, int(REPLICATED_WITHIN * 1000))


def missed(last: Any, reached: Any, replicas: int) -> Exception | None:  # noqa: ANN401 - answers
    """Tell what the answers to that mean; None when the replicas have it."""
    for answer in (last, reached):
        if isinstance(answer, Exception):
            return answer
    return None if reached >= replicas else TooFewReplicas()


def taken_back(answer: Any, lost: Exception) -> Any:  # noqa: ANN401 - same
    """Take back an answer that too few replicas know of; what failed keeps its reason."""
    return answer if isinstance(answer, Exception) else lost
