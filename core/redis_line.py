"""One connection that everybody's calls travel on: sent as they come, answered in their order.

What is called in one turn of the loop leaves in one write, and what gathers while Redis is busy is
taken up by it in one go: the busier it gets, the less each call costs. A connection that breaks is
made again, and what was not answered is sent again: every step of ours is safe to run twice.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from hiredis import pack_command
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ReadOnlyError, ResponseError

from core.background import beside, stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from redis.asyncio import ConnectionPool
    from redis.asyncio.connection import AbstractConnection

    from core.redis_pipe import Command

log = structlog.get_logger()

PATIENCE = 5.0  # seconds that a call may wait, its sending again included
SILENCE = 2.0  # seconds without an answer after which a connection is given up for a new one
OUTAGE = 1.3  # seconds without an answer on any connection after which nobody waits longer
LOOK_EVERY = 0.1  # seconds between two looks at who waits too long
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.5  # seconds between two tries to connect
CLOSED = "the line is closed"


@dataclass(eq=False, slots=True)
class _Party:
    """Commands of one caller: `told` is set when all of them are answered."""

    packed: bytes
    size: int
    since: float
    told: asyncio.Future[list[Any]]
    answers: list[Any] = field(default_factory=list)


class Line:
    """A connection that is shared, and kept."""

    def __init__(
        self, pool: ConnectionPool, *, patience: float = PATIENCE, silence: float = SILENCE
    ) -> None:
        """Take where to get a connection."""
        self._pool = pool
        self._patience = patience
        self._silence = silence
        self._closed = False
        self._away_since = math.inf  # since when (s) it has answered nothing
        self._heard = 0.0
        self._waiting: deque[_Party] = deque()
        self._sent: deque[_Party] = deque()
        self._something = asyncio.Event()
        self._talk: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connection: AbstractConnection | None = None

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """Have commands done, in their order but not as one step; a refusal is an answer.

        Raises:
            ConnectionError: no answer within the patience, and any of them may have happened; or
                the line is closed.
        """
        if not commands:
            return []
        if self._closed:
            raise Broken(CLOSED)
        told: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        # Its types know tuples of one item only.
        packed = b"".join([pack_command(command) for command in commands])  # type: ignore[arg-type]
        self._waiting.append(_Party(packed, len(commands), time.monotonic(), told))
        self._something.set()
        if self._talk is None:
            self._talk = asyncio.create_task(self._keep_talking())
        return await told

    async def _keep_talking(self) -> None:
        pause, self._away_since = SHORTEST_PAUSE, time.monotonic()
        async with beside(self._watch()):
            while True:
                try:
                    async with self._connected() as connection:
                        await self._talk_on(connection)
                except Exception as error:  # noqa: BLE001 - no fault may be the last
                    log.warning("redis connection broke", error=type(error).__name__)
                self._send_again()
                if self._away_since == math.inf:  # it answered before
                    pause, self._away_since = SHORTEST_PAUSE, time.monotonic()
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AbstractConnection]:
        async with asyncio.timeout(self._patience):  # its first words have no limit of their own
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        self._connection = connection
        try:
            yield connection
        finally:
            self._connection = None
            await connection.disconnect(nowait=True)
            await self._pool.release(connection)

    async def _talk_on(self, connection: AbstractConnection) -> None:
        """Write and read until either breaks."""
        reading = self._reading = asyncio.create_task(self._read(connection))
        writing = asyncio.create_task(self._write(connection))
        try:
            ended, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._reading = None  # its error would keep what was being sent
            await stop(reading, writing)
        for task in ended:
            if not task.cancelled():
                task.result()
        raise Broken("it was given up")

    async def _write(self, connection: AbstractConnection) -> None:
        while True:
            self._something.clear()
            await self._send_waiting(connection)
            await self._something.wait()

    async def _send_waiting(self, connection: AbstractConnection) -> None:
        parties = [party for party in self._waiting if not party.told.done()]
        self._waiting.clear()
        if not parties:  # nobody asks it anything: it is believed to be back
            self._away_since = math.inf
            return
        if not self._sent:
            self._heard = time.monotonic()
        self._sent.extend(parties)
        packed = b"".join([party.packed for party in parties])
        await connection.send_packed_command(packed, check_health=False)

    async def _read(self, connection: AbstractConnection) -> None:
        while True:
            try:
                answer = await connection.read_response(timeout=math.inf)
            except ReadOnlyError:  # no primary any more: whoever is takes it
                raise Broken from None
            except ResponseError as refusal:
                answer = refusal
            self._heard, self._away_since = time.monotonic(), math.inf
            party = self._sent[0]
            party.answers.append(answer)
            if len(party.answers) == party.size:
                self._sent.popleft()
                if not party.told.done():
                    party.told.set_result(party.answers)

    def _send_again(self) -> None:
        """Put what was not answered before what waits."""
        for party in self._sent:
            party.answers.clear()
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()

    async def _watch(self) -> None:
        """Tell whoever waits too long; a connection that answers nobody is given up."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = time.monotonic()
            silent = bool(self._sent) and now > self._heard + self._silence
            if self._reading is not None and (silent or self._replaced()):
                self._reading.cancel()
            away = now > self._away_since + OUTAGE
            latest = now - (OUTAGE if away else self._patience)
            for party in (*self._sent, *self._waiting):
                if party.since < latest and not party.told.done():
                    party.told.set_exception(Broken("no answer in time"))
            self._waiting = deque(party for party in self._waiting if not party.told.done())

    def _replaced(self) -> bool:
        """Tell whether the pool knows by now that another server is the primary."""
        return self._connection is not None and self._connection.should_reconnect()  # type: ignore[no-untyped-call]

    async def aclose(self) -> None:
        """Wait for what is under way, and hang up; who comes later is told so."""
        self._closed = True
        pending = [party.told for party in (*self._sent, *self._waiting) if not party.told.done()]
        try:
            if pending:
                await asyncio.wait(pending)
        finally:
            if self._talk is not None:
                await stop(self._talk)
            for told in pending:
                if not told.done():
                    told.set_exception(Broken(CLOSED))
