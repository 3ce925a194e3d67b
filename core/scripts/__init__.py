"""The Lua scripts: every change to a record or a mark is one of them, one atomic step in Redis."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from redis.exceptions import NoScriptError, OutOfMemoryError, RedisError

from core.errors import Newer, StorageFull, Unavailable
from core.redis_address import REPLICATED_WITHIN
from core.together import Together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from redis.asyncio import Redis

    from core.errors import OneTimeShareError

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
    *("progress", "done", "burn", "inspect", "revoke", "unlock", "reschedule", "material"),
    *("rewrap", "forestall", "settle", "expire", "lose", "published", "refer", "observe"),
)
ON_INVITATIONS = ("invite", "inquire", "take", "hold", "hand", "delivered", "withdraw", "amend")
ON_OTHERS = (
    *("note", "begin", "count", "keep", "look", "part", "cover", "publish"),
    *("spare", "lay", "latch"),
)
# What takes something in is refused where Redis' memory or disk is full. All else goes on: it
# frees what lies there, or says what became of it.
TAKING_IN = ("create", "invite", "take", "begin", "part", "cover", "lay")
GOES_ON = "#!lua flags=allow-oom\n"
# What only reads, or writes what the clock or the moment decides: nothing a fail-over could undo.
READING = frozenset(
    {
        *("peek", "inspect", "check", "material", "inquire", "look", "observe", "note"),
        *("acquire window", "see window"),
        *("EXISTS", "GET", "HEXISTS", "HGETALL", "HVALS", "XRANGE"),
        *("ZCARD", "ZRANDMEMBER", "ZRANGE", "ZREVRANGE"),
    }
)
LAST = "ots:last"  # written after all else, see `_pipe`
WRITE_LAST = f"{GOES_ON}return redis.call('SET', KEYS[1], 1)"
PATIENCE = 5.0  # seconds that a call may wait for its round trip, and that with all its retries
TRIPS = 2  # round trips under way at once, in each process


def source(name: str) -> str:
    """Put a script together with its prelude: one on records also tells of its outbox."""
    here = files(__name__)
    head = "" if name in TAKING_IN else GOES_ON
    text = here.joinpath(f"{name}.lua").read_text()
    if name in ON_OTHERS:
        return head + text
    if name in ON_INVITATIONS:
        return f"{head}{here.joinpath('invitation.lua').read_text()}\n{text}"
    prelude = here.joinpath("record.lua").read_text()
    return f"{head}{prelude}\nlocal function step()\n{text}\nend\nreturn {{step(), waiting()}}"


class Scripts:
    """Calls scripts by name. Each is safe to run twice: a lost reply may be asked for again."""

    def __init__(
        self,
        redis: Redis,
        *,
        patience: float = PATIENCE,
        trip: Callable[[], AbstractContextManager[object]] = nullcontext,
        replicas: int = 0,
    ) -> None:
        """Take the connections; a round trip has `patience` seconds, and is made in a `trip`.

        What it wrote is acknowledged when so many `replicas` have it too.
        """
        self._redis = redis
        self._replicas = replicas
        self._trip = trip
        self._patience = patience
        self._scripts = {
            name: redis.register_script(source(name))
            for name in (*ON_RECORDS, *ON_INVITATIONS, *ON_OTHERS)
        }
        self._trips = Together(self._travel, at_once=TRIPS)

    def add(self, name: str, text: str) -> None:
        """Know one more script, from a library: it takes one key, as ours do."""
        self._scripts[name] = self._redis.register_script(GOES_ON + text)

    async def __call__(self, name: str, key: str, *arguments: Argument) -> Any:  # noqa: ANN401 - as the script's header says
        """Run a script on one key.

        Raises:
            StorageFull: Redis has no room for what the step takes in; it did not happen.
            Newer: the step would be on what a newer server has written; it did not happen.
            Unavailable: when Redis does not answer; the step may or may not have happened.
        """
        [answer] = await self.together((name, key, *arguments))
        return answer

    async def together(self, *calls: Call) -> list[Any]:
        """Run scripts and commands in one round trip, in their order, not as one step.

        Raises:
            StorageFull: Redis had no room for one of them; others may have happened.
            Unavailable: when Redis does not answer; any of them may have happened.
        """
        return await self._trips((time.monotonic(), calls))

    async def _travel(self, parties: Sequence[Party]) -> list[list[Any] | Exception]:
        """Make one round trip; who waited too long for it is told so, and has no part in it."""
        latest = time.monotonic() - self._patience
        told = iter(await self._together([calls for came, calls in parties if came >= latest]))
        return [next(told) if came >= latest else Unavailable() for came, _ in parties]

    async def _together(self, parties: Sequence[tuple[Call, ...]]) -> list[list[Any] | Exception]:
        """Make one round trip for everybody; each party's calls fail or succeed as its own."""
        if not parties:
            return []
        try:
            with self._trip():
                async with asyncio.timeout(self._patience):
                    answers = await self._send([call for party in parties for call in party])
        except (RedisError, TimeoutError) as error:
            return [_failure(error, party) for party in parties]
        told: list[list[Any] | Exception] = []
        for party in parties:
            own, answers = answers[: len(party)], answers[len(party) :]
            failed = [answer for answer in own if isinstance(answer, Exception)]
            told.append(_failure(failed[0], party) if failed else own)
        return told

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
        waits = self._replicas > 0 and any(call[0] not in READING for call in calls)
        async with self._redis.pipeline(transaction=False) as pipe:
            for name, *arguments in calls:
                script = self._scripts.get(str(name))
                if script is None:
                    pipe.execute_command(name, *arguments)
                else:
                    pipe.execute_command("EVALSHA", script.sha, 1, *arguments)
            if waits:
                # Redis waits for what this connection wrote. A step done before, whose reply was
                # lost on another one, writes nothing now; this comes after whatever it wrote.
                pipe.execute_command("EVAL", WRITE_LAST, 1, LAST)
                pipe.execute_command("WAIT", self._replicas, int(REPLICATED_WITHIN * 1000))
            answers = await pipe.execute(raise_on_error=False)
        return self._replicated(calls, answers) if waits else answers

    def _replicated(self, calls: list[Call], answers: list[Any]) -> list[Any]:
        """Take back what was acknowledged if too few replicas have it; it can be done again."""
        *answers, _, reached = answers
        if not isinstance(reached, Exception) and reached >= self._replicas:
            return answers
        lost = reached if isinstance(reached, Exception) else TimeoutError("replicas")
        return [
            answer if call[0] in READING or isinstance(answer, Exception) else lost
            for call, answer in zip(calls, answers, strict=True)
        ]

    async def aclose(self) -> None:
        """Wait for the trips under way."""
        await self._trips.aclose()


def _failure(error: Exception, party: tuple[Call, ...]) -> OneTimeShareError:
    said = str(error)
    full = isinstance(error, OutOfMemoryError) or said.startswith("MISCONF")
    failure: OneTimeShareError = Unavailable()
    if said.startswith("NEWER"):  # as the scripts say
        failure = Newer()
    elif full and any(name in TAKING_IN for name, *_ in party):
        failure = StorageFull()
    failure.__cause__ = error
    return failure
