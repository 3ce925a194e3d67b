"""What networks do to connections: to one that carries a mark, to some, to all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from tests.faults.proxy import Cut, Fault

if TYPE_CHECKING:
    from random import Random

    from tests.faults.proxy import Line

Mark: TypeAlias = bytes | tuple[bytes, ...]  # several: any of them

LATE = 0.5  # seconds; longer than the Redis client of these tests waits


def carries(piece: bytes, mark: Mark) -> bool:
    """Tell whether a piece has it."""
    return any(one in piece for one in ((mark,) if isinstance(mark, bytes) else mark))


class SomeDropped(Fault):
    """Of all replies this share is swallowed, each with its connection."""

    def __init__(self, share: float, random: Random) -> None:
        self._share = share
        self._random = random
        self.dropped = 0

    async def answered(self, _line: Line, piece: bytes, /) -> bytes:
        if self._random.random() < self._share:
            self.dropped += 1
            raise Cut
        return piece


class AllDropped(Fault):
    """The server does what it is asked, and every reply is lost."""

    async def answered(self, _line: Line, _piece: bytes, /) -> bytes:
        raise Cut


class AllReset(Fault):
    """Nobody is there any more."""

    async def asked(self, line: Line, _piece: bytes, /) -> bytes:
        line.reset()
        raise Cut


class BlackHole(Fault):
    """Nothing passes, and nothing ends."""

    async def asked(self, _line: Line, _piece: bytes, /) -> bytes:
        return b""

    async def answered(self, _line: Line, _piece: bytes, /) -> bytes:
        return b""


class AllLate(Fault):
    """Every reply takes its time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def answered(self, _line: Line, piece: bytes, /) -> bytes:
        await asyncio.sleep(self._seconds)
        return piece


class Each(Fault):
    """Another fault, at every request that carries the mark and at its reply."""

    def __init__(self, mark: Mark, fault: Fault) -> None:
        self._mark = mark
        self._fault = fault
        self.struck: set[Line] = set()

    async def asked(self, line: Line, piece: bytes, /) -> bytes:
        if not carries(piece, self._mark):
            return piece
        self.struck.add(line)
        return await self._fault.asked(line, piece)

    async def answered(self, line: Line, piece: bytes, /) -> bytes:
        return await self._fault.answered(line, piece) if line in self.struck else piece


class Once(Fault):
    """Strikes the first request that carries the mark, and its reply."""

    def __init__(self, mark: Mark) -> None:
        self._mark = mark
        self.struck: Line | None = None

    async def asked(self, line: Line, piece: bytes, /) -> bytes:
        if self.struck is None and carries(piece, self._mark):
            self.struck = line
            return await self.strike(line, piece)
        return piece

    async def strike(self, _line: Line, piece: bytes, /) -> bytes:
        return piece

    async def answered(self, line: Line, piece: bytes, /) -> bytes:
        return await self.spoil(line, piece) if line is self.struck else piece

    async def spoil(self, _line: Line, piece: bytes, /) -> bytes:
        return piece


class Dropped(Once):
    """It was done, but the reply is lost and the connection with it."""

    async def spoil(self, _line: Line, _piece: bytes, /) -> bytes:
        raise Cut


class Reset(Once):
    """The request never arrives: the connection is reset."""

    async def strike(self, line: Line, _piece: bytes, /) -> bytes:
        line.reset()
        raise Cut


class Late(Once):
    """It was done, but the reply comes after the patience of whoever asked."""

    async def spoil(self, _line: Line, piece: bytes, /) -> bytes:
        await asyncio.sleep(LATE)
        return piece


class Swallowed(Once):
    """The request never arrives, nor does what comes after it, and nothing says so."""

    async def asked(self, line: Line, piece: bytes, /) -> bytes:
        return b"" if line is self.struck else await super().asked(line, piece)

    async def strike(self, _line: Line, _piece: bytes, /) -> bytes:
        return b""


class Trickled(Once):
    """The reply comes byte by byte."""

    async def spoil(self, line: Line, piece: bytes, /) -> bytes:
        for byte in piece:
            line.near.write(bytes([byte]))
            await line.near.drain()
            await asyncio.sleep(0)
        return b""


class HalfClosed(Once):
    """Whoever asked says that nothing else will come, and waits for the reply."""

    async def passed(self, line: Line, /) -> None:
        if line is self.struck:
            line.far.write_eof()


class ClosedAfter(Once):
    """The reply comes, and with it the end of what the server says on this connection."""

    async def spoil(self, line: Line, piece: bytes, /) -> bytes:
        line.near.write(piece)
        line.near.write_eof()
        await asyncio.sleep(LATE)
        raise Cut


class Broken(Once):
    """Some bytes of the reply come, and then the connection ends, or nothing does."""

    def __init__(self, mark: Mark, after: int, how: str) -> None:
        super().__init__(mark)
        self._left = after
        self._how = how

    async def spoil(self, line: Line, piece: bytes, /) -> bytes:
        if len(piece) <= self._left:
            self._left -= len(piece)
            return piece
        line.near.write(piece[: self._left])
        await line.near.drain()
        if self._how == "black hole":
            await asyncio.Event().wait()
        if self._how == "reset":
            line.reset()
        raise Cut


class Held(Once):
    """Some bytes of the reply come, and the rest when it is let go."""

    def __init__(self, mark: Mark, after: int) -> None:
        super().__init__(mark)
        self._left = after
        self.let_go = asyncio.Event()

    async def spoil(self, _line: Line, piece: bytes, /) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            await self.let_go.wait()
        return piece


ONE = (Dropped, Reset, Late, Swallowed, Trickled, HalfClosed, ClosedAfter)
ALL = (AllDropped, AllReset, BlackHole)
