"""The Lua scripts: every change to a record or a mark is one of them, one atomic step in Redis."""

from __future__ import annotations

from contextlib import nullcontext
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from redis.exceptions import NoScriptError

from core.errors import Unavailable
from core.redis_line import Line

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from redis.asyncio import Redis

Argument: TypeAlias = bytes | str | int
Call: TypeAlias = tuple[Argument, ...]  # a script's or a command's name, its key, its arguments
Party: TypeAlias = tuple[float, tuple[Call, ...]]  # calls, and since when (s) they wait

ON_RECORDS = (
    *(
        "create",
        "peek",
        "attempt",
        "resolve",
        "claim",
        "unclaim",
        "check",
        "release",
        "follow",
        "touch",
    ),
    *(
        "progress",
        "done",
        "burn",
        "inspect",
        "revoke",
        "unlock",
        "reschedule",
        "material",
        "rewrap",
    ),
    *("forestall", "settle", "expire", "lose", "published", "refer", "observe"),
)
ON_INVITATIONS = ("invite", "inquire", "take", "hold", "hand", "delivered", "withdraw", "amend")
ON_OTHERS = ("note", "begin", "count", "keep", "look", "part", "cover", "publish")
PATIENCE = 5.0  # seconds that a call may wait for its round trip, and that with all its retries
TRIPS = 2  # round trips under way at once, in each process


def source(name: str) -> str:
    """Put a script together with its prelude: one on records also tells of its outbox."""
    here = files(__name__)
    text = here.joinpath(f"{name}.lua").read_text()
    if name in ON_OTHERS:
        return text
    if name in ON_INVITATIONS:
        return f"{here.joinpath('invitation.lua').read_text()}\n{text}"
    prelude = here.joinpath("record.lua").read_text()
    return f"{prelude}\nlocal function step()\n{text}\nend\nreturn {{step(), waiting()}}"


class Scripts:
    """Calls scripts by name. Each is safe to run twice: a lost reply may be asked for again."""

    def __init__(
        self,
        redis: Redis,
        *,
        patience: float = PATIENCE,
        trip: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Take the connections; a round trip has `patience` seconds, and is made in a `trip`."""
        self._redis = redis
        self._trip = trip
        self._patience = patience
        self._scripts = {
            name: redis.register_script(source(name))
            for name in (*ON_RECORDS, *ON_INVITATIONS, *ON_OTHERS)
        }
        self._line = Line(redis.connection_pool.make_connection, patience=patience)

    def add(self, name: str, text: str) -> None:
        """Know one more script, from a library: it takes one key, as ours do."""
        self._scripts[name] = self._redis.register_script(text)

    async def __call__(self, name: str, key: str, *arguments: Argument) -> Any:  # noqa: ANN401 - as the script's header says
        """Run a script on one key.

        Raises:
            Unavailable: when Redis does not answer; the step may or may not have happened.
        """
        [answer] = await self.together((name, key, *arguments))
        return answer

    async def together(self, *calls: Call) -> list[Any]:
        """Run scripts and commands in one round trip, in their order, not as one step.

        Raises:
            Unavailable: when Redis does not answer; any of them may have happened.
        """
        with self._trip():
            answers = await self._send(list(calls))
        for answer in answers:
            if isinstance(answer, Exception):
                raise _unavailable(answer)
        return answers

    async def _send(self, calls: list[Call]) -> list[Any]:
        answers = await self._pipe(calls)
        unknown = [n for n, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:  # a server that just started
            for name in {calls[n][0] for n in unknown}:
                await self._redis.script_load(self._scripts[str(name)].script)
            for n, answer in zip(
                unknown, await self._pipe([calls[n] for n in unknown]), strict=True
            ):
                answers[n] = answer
        return answers

    async def _pipe(self, calls: list[Call]) -> list[Any]:
        return await self._line.send([self._command(call) for call in calls])

    def _command(self, call: Call) -> Call:
        script = self._scripts.get(call[0])
        return call if script is None else ("EVALSHA", script.sha, 1, *call[1:])

    async def aclose(self) -> None:
        """Wait for the trips under way."""
        await self._line.aclose()


def _unavailable(error: Exception) -> Unavailable:
    unavailable = Unavailable()
    unavailable.__cause__ = error
    return unavailable
