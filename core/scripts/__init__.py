"""The Lua scripts: every change to a record or a mark is one of them, one atomic step in Redis."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from redis.exceptions import NoScriptError, OutOfMemoryError, RedisError

from core.errors import Newer, StorageFull, Unavailable
from core.redis_pipe import Argument, Call, Command
from core.scripts.script import NAMES, Script, source
from core.together import Together

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractContextManager

    from core.errors import OneTimeShareError
    from core.permit import Permit
    from core.redis_pipe import Pipe

Party: TypeAlias = tuple[float, tuple[Call, ...]]  # calls, and since when (s) they wait

# What only reads, or writes what the clock or the moment decides: nothing a fail-over could undo.
READING = frozenset(
    {
        *("peek", "inspect", "check", "material", "inquire", "look", "observe", "note"),
        *("acquire window", "see window"),
        *("EXISTS", "GET", "HEXISTS", "HGETALL", "HVALS", "XRANGE"),
        *("ZCARD", "ZRANDMEMBER", "ZRANGE", "ZREVRANGE"),
    }
)
PATIENCE = 5.0  # seconds that a call may wait for its round trip, and that with all its retries
TRIPS = 2  # round trips to a server under way at once, in each process


class Scripts:
    """Calls scripts by name. Each is safe to run twice: a lost reply may be asked for again."""

    def __init__(
        self,
        pipe: Pipe,
        *,
        patience: float = PATIENCE,
        trip: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Take the way to Redis; a round trip has `patience` seconds, and is made in a `trip`."""
        self._pipe = pipe
        self._trip = trip
        self._patience = patience
        self._scripts = {name: Script.of(name, source(name)) for name in NAMES}
        self._lanes: dict[str, Together[Party, list[Any]]] = {}

    def add(self, name: str, text: str) -> None:
        """Know one more script, from a library: it takes one key, as ours do."""
        self._scripts[name] = Script.of(name, text)

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
        """Run scripts and commands in one round trip, not as one step.

        Those on one key are run in their order. A cluster may run others in any.

        Raises:
            StorageFull: Redis had no room for one of them; others may have happened.
            Unavailable: when Redis does not answer; any of them may have happened.
        """
        if self._pipe.ordered:
            return await self._go("", calls)
        lanes: dict[str, list[int]] = {}
        for n, call in enumerate(calls):
            lanes.setdefault(self._pipe.lane(call[1]), []).append(n)
        told = await asyncio.gather(
            *(self._go(lane, tuple(calls[n] for n in some)) for lane, some in lanes.items())
        )
        found = dict(zip(chain(*lanes.values()), chain(*told), strict=True))
        return [found[n] for n in range(len(calls))]

    async def in_order(
        self, first: Sequence[Call], then: Sequence[Call], permit: Permit | None = None
    ) -> list[Any]:
        """Run calls when all of the first ones are done: one server does it all in one step.

        A permit that was not used yet is asked before, in the same step there.

        Raises:
            StorageFull, Unavailable: as for `together`; a cluster runs none if a first one failed.
            RateLimited: from the permit; nothing happened.
        """
        asked = None if permit is None else permit.use()
        if not self._pipe.ordered:
            if permit is not None and asked is not None and not (await self.together(asked))[0]:
                await permit.refuse()
            return await self._one_after_the_other(first, then)
        calls = (*first, *then) if asked is None else (asked, *first, *then)
        answers: list[Any]
        [answers] = await self.together(self._as_one(calls, asks=asked is not None))
        if permit is None or asked is None:
            return answers
        if not answers:
            await permit.refuse()
        return answers[1:]

    async def _one_after_the_other(self, first: Sequence[Call], then: Sequence[Call]) -> list[Any]:
        try:
            done = await self.together(*first)
        except Unavailable as error:  # why, says what all of them would do
            raise self._failure(error.__cause__ or error, (*first, *then)) from None
        return [*done, *await self.together(*then)]

    def _as_one(self, calls: Sequence[Call], *, asks: bool) -> Call:
        """Join calls into one of a script, whose keys are all that of one server."""
        run = [call if call[0] in self._scripts else _in_script(call) for call in calls]
        name = ", ".join([str(call[0]) for call in run])
        if name not in self._scripts:
            parts = [self._scripts[str(call[0])] for call in run]
            self._scripts[name] = Script.joined(parts, asks=asks)
        given = [part for call in run for part in (len(call) - 2, *call[2:])]
        return (name, *[call[1] for call in run], *given)

    async def _go(self, lane: str, calls: tuple[Call, ...]) -> list[Any]:
        if self._pipe.gathers:
            return await self._alone(calls)
        trips = self._lanes.get(lane)
        if trips is None:
            trips = self._lanes[lane] = Together(self._travel, at_once=TRIPS)
        return await trips((time.monotonic(), calls))

    async def _alone(self, calls: tuple[Call, ...]) -> list[Any]:
        try:
            with self._trip():
                answers = await self._send(calls)
        except RedisError as error:
            raise self._failure(error, calls) from error
        for answer in answers:
            if isinstance(answer, Exception):
                raise self._failure(answer, calls)
        return answers

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
            return [self._failure(error, party) for party in parties]
        told: list[list[Any] | Exception] = []
        for party in parties:
            own, answers = answers[: len(party)], answers[len(party) :]
            failed = [answer for answer in own if isinstance(answer, Exception)]
            told.append(self._failure(failed[0], party) if failed else own)
        return told

    async def _send(self, calls: Sequence[Call]) -> list[Any]:
        sent = [self._command(call) for call in calls]
        answers = await self._pipe.send(sent, self._lasting(calls))
        unknown = [n for n, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:  # to a server that just started, or has a key since a moment ago
            some = [calls[n] for n in unknown]
            sent = [self._whole(call) for call in some]
            told = await self._pipe.send(sent, self._lasting(some))
            for n, answer in zip(unknown, told, strict=True):
                answers[n] = answer
        return answers

    def _lasting(self, calls: Sequence[Call]) -> Collection[int]:
        """Number those whose work a fail-over could undo, where replicas are to prevent that."""
        if not self._pipe.replicas:
            return ()
        return {n for n, call in enumerate(calls) if call[0] not in READING}

    def _command(self, call: Call) -> Command:
        script = self._scripts.get(str(call[0]))
        return call if script is None else ("EVALSHA", script.sha, script.keys, *call[1:])

    def _whole(self, call: Call) -> Command:
        script = self._scripts[str(call[0])]
        return ("EVAL", script.text, script.keys, *call[1:])

    def _failure(self, error: BaseException, party: Sequence[Call]) -> OneTimeShareError:
        said = str(error)
        full = isinstance(error, OutOfMemoryError) or said.startswith("MISCONF")
        failure: OneTimeShareError = Unavailable()
        if said.startswith("NEWER"):  # as the scripts say
            failure = Newer()
        elif full and any(self._takes_in(call) for call in party):
            failure = StorageFull()
        failure.__cause__ = error
        return failure

    def _takes_in(self, call: Call) -> bool:
        script = self._scripts.get(str(call[0]))
        return script is not None and script.takes_in

    async def aclose(self) -> None:
        """Wait for the trips under way."""
        for trips in [*self._lanes.values()]:
            await trips.aclose()
        await self._pipe.aclose()


def _in_script(call: Call) -> Call:
    """Have a script run a command."""
    name, key, *arguments = call
    return ("spare", key, name, *arguments)
