"""Replies that get lost: the server did what it was asked, and whoever asked never hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.proxy import Cut, Fault

if TYPE_CHECKING:
    from random import Random

    from tests.faults.proxy import Line


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
