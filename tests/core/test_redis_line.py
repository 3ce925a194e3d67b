"""The shared connection: calls leave together, are answered each its own, and outlive a break."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest
from redis.asyncio import ConnectionPool
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ResponseError

from core.embedded import embedded_redis
from core.redis_line import LOOK_EVERY, OUTAGE, Line
from tests.contents import until
from tests.faults.kinds import AllReset, BlackHole, Dropped, Reset, Swallowed
from tests.faults.proxy import Fault, Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio.connection import AbstractConnection

    from tests.faults.proxy import Line as Passing

SILENCE = 0.3  # seconds


class Counting(Fault):
    """Counts writes, and what they hold."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def asked(self, _line: Passing, piece: bytes, /) -> bytes:
        self.pieces.append(piece)
        return piece


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[Proxy]:
    """Stand before a real Redis."""
    async with embedded_redis(tmp_path) as address:
        server = Path(unquote(urlsplit(address).path))
        async with Proxy(server).listening() as proxy:
            yield proxy


@asynccontextmanager
async def lined(proxy: Proxy, patience: float = 5.0) -> AsyncIterator[Line]:
    """Have a line through the proxy."""
    pool = ConnectionPool(host="127.0.0.1", port=proxy.port, socket_timeout=SILENCE)
    line = Line(pool, patience=patience, silence=SILENCE)
    try:
        yield line
    finally:
        await line.aclose()
        await pool.aclose()


async def ask(line: Line, *commands: tuple[Any, ...]) -> list[Any]:
    return await line.send(commands)


async def test_calls_of_one_moment_leave_in_one_write(proxy: Proxy) -> None:
    """Fifty callers share a write, and each is told what it asked for."""
    async with lined(proxy) as line:
        await ask(line, ("PING",))
        proxy.fault = counting = Counting()
        told = await asyncio.gather(
            *(ask(line, ("SET", f"k{n}", n), ("GET", f"k{n}")) for n in range(50))
        )
    assert told == [[b"OK", b"%d" % n] for n in range(50)]
    assert len(counting.pieces) == 1


async def test_refusal_is_the_answer_of_one_call(proxy: Proxy) -> None:
    """What Redis refuses is told to whoever asked for it, and nobody else notices."""
    async with lined(proxy) as line:
        told = await asyncio.gather(
            ask(line, ("SET", "text", "x"), ("INCR", "text"), ("GET", "text")),
            ask(line, ("NO-SUCH-COMMAND",)),
            ask(line, ("GET", "text")),
        )
    (_, refused, text), [unknown], [same] = told
    assert isinstance(refused, ResponseError)
    assert isinstance(unknown, ResponseError)
    assert text == same == b"x"


async def test_nothing_asked_is_nothing_answered(proxy: Proxy) -> None:
    """Who has nothing to ask keeps nobody waiting."""
    async with lined(proxy) as line:
        assert await ask(line) == []
        assert await ask(line, ("PING",)) == [b"PONG"]


@pytest.mark.parametrize("kind", [Dropped, Reset, Swallowed], ids=lambda kind: kind.__name__)
async def test_what_was_not_answered_is_asked_again(
    proxy: Proxy, kind: type[Dropped | Reset | Swallowed]
) -> None:
    """A connection that breaks, or falls silent, is made again; all who waited get their answer."""
    async with lined(proxy) as line:
        await ask(line, ("PING",))
        proxy.fault = fault = kind(b"mark")
        told = await asyncio.gather(
            ask(line, ("SET", "a", 1), ("GET", "a")),
            ask(line, ("SET", "mark", 2), ("GET", "mark")),
            ask(line, ("SET", "b", 3), ("GET", "b")),
        )
        assert fault.struck
    assert [*told] == [[b"OK", b"1"], [b"OK", b"2"], [b"OK", b"3"]]


async def test_who_gave_up_keeps_nobody_from_an_answer(proxy: Proxy) -> None:
    """A caller that is cancelled takes the answers of no other."""
    async with lined(proxy) as line:
        await ask(line, ("SET", "a", 1), ("SET", "b", 2))
        first, second = (asyncio.create_task(ask(line, ("GET", key))) for key in "ab")
        await asyncio.sleep(0)
        first.cancel()
        assert await second == [b"2"]
        assert await ask(line, ("GET", "a")) == [b"1"]


@pytest.mark.parametrize("fault", [AllReset(), BlackHole()], ids=["reset", "black hole"])
async def test_outage_is_told_soon_and_its_end_is_noticed(proxy: Proxy, fault: Fault) -> None:
    """Nobody waits long for a Redis that is away, and the first call after its return succeeds."""
    async with lined(proxy) as line:
        await ask(line, ("PING",))
        proxy.fault, began = fault, time.monotonic()
        with pytest.raises(Broken):
            await ask(line, ("GET", "a"))
        assert time.monotonic() - began < SILENCE + 3 * OUTAGE
        proxy.fault = Fault()
        assert await ask(line, ("PING",)) == [b"PONG"]


async def test_silence_has_an_end_for_everybody(proxy: Proxy) -> None:
    """However many wait for a server that takes everything and says nothing, all are told."""
    async with lined(proxy, patience=0.5) as line:
        await ask(line, ("PING",))
        proxy.fault = BlackHole()
        told = await asyncio.gather(
            *(ask(line, ("GET", "a")) for _ in range(5000)), return_exceptions=True
        )
    assert {type(one) for one in told} == {Broken}


async def test_no_connection_is_left(proxy: Proxy) -> None:
    """Closing hangs up."""
    async with lined(proxy) as line:
        await ask(line, ("PING",))
        assert proxy.lines == 1
    await until(lambda: proxy.lines == 0)


class Loading(Fault):
    """A server that is there, and refuses whatever carries the mark until its data is."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self.refused = 0

    async def asked(self, line: Passing, piece: bytes, /) -> bytes:
        if self._mark not in piece:
            return piece
        self.refused += 1
        line.near.write(b"-LOADING Redis is loading the dataset in memory\r\n")
        return b""


async def test_server_that_loads_is_away(proxy: Proxy) -> None:
    """One that answers only that it is not ready keeps nobody waiting, and is not stormed."""
    async with lined(proxy) as line:
        await ask(line, ("PING",))
        proxy.fault, began = (loading := Loading(b"GET")), time.monotonic()
        with pytest.raises(Broken):
            await ask(line, ("GET", "a"))
        assert time.monotonic() - began < 2 * OUTAGE
        assert loading.refused < 10
        proxy.fault = Fault()
        assert await ask(line, ("GET", "a")) == [None]


async def test_what_nobody_waits_for_takes_no_memory(proxy: Proxy) -> None:
    """However long Redis is away, what was called and given up meanwhile is not kept."""
    async with lined(proxy, patience=0.1) as line:
        await ask(line, ("PING",))
        proxy.fault = AllReset()
        tracemalloc.start()
        try:
            for _ in range(3):
                waiting = (ask(line, ("SET", "a", bytes(1_000_000))) for _ in range(8))
                await asyncio.gather(*waiting, return_exceptions=True)
            await asyncio.sleep(3 * LOOK_EVERY)
            gc.collect()
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert kept < 4_000_000


async def test_line_that_is_closed_says_so(proxy: Proxy) -> None:
    """Who calls when it ends, or later, is told that there is no connection."""
    async with lined(proxy) as line:
        await ask(line, ("PING",))
        proxy.fault = BlackHole()
        early = asyncio.create_task(ask(line, ("GET", "a")))
        await asyncio.sleep(0)
        closing = asyncio.create_task(line.aclose())
        early.add_done_callback(lambda _: late.append(asyncio.create_task(ask(line, ("PING",)))))
        late: list[asyncio.Task[list[Any]]] = []
        await closing
        async with asyncio.timeout(5):
            told = await asyncio.gather(early, *late, ask(line, ("PING",)), return_exceptions=True)
    assert [type(one) for one in told] == [Broken, Broken, Broken]


async def test_no_fault_in_connecting_is_the_last(proxy: Proxy) -> None:
    """Whatever goes wrong while a connection is made, another is made after it."""
    faults = iter((OSError(), RuntimeError()))

    class Failing(ConnectionPool):
        async def get_connection(self, *_: object, **__: object) -> AbstractConnection:
            for fault in faults:
                raise fault
            return await super().get_connection()  # type: ignore[no-any-return, no-untyped-call]

    pool = Failing(host="127.0.0.1", port=proxy.port)
    line = Line(pool)
    async with asyncio.timeout(5):
        assert await ask(line, ("PING",)) == [b"PONG"]
    await line.aclose()
    await pool.aclose()


async def test_connection_that_is_never_greeted_is_given_up(proxy: Proxy) -> None:
    """A server that takes connections and does not answer their first words holds nobody up."""
    proxy.fault = BlackHole()
    pool = ConnectionPool(host="127.0.0.1", port=proxy.port, protocol=3, socket_timeout=None)
    line = Line(pool, patience=0.5)
    with pytest.raises(Broken):
        await ask(line, ("PING",))
    await asyncio.sleep(0.5)  # the connection that was tried stays deaf, whatever comes
    proxy.fault = Fault()
    async with asyncio.timeout(5):
        while True:
            with suppress(Broken):
                assert await ask(line, ("PING",)) == [b"PONG"]
                break
    await line.aclose()
    await pool.aclose()
