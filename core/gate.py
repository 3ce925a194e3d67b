"""Where uploads are let in: so many at once, so many an hour, and while there is room.

An upload is counted when its first bytes have come, or a small one in the step that keeps it. What
is refused for its name or its declared size, or never begins, counts for nothing; nothing is kept
before it is counted.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.allowance import AT_ONCE, AT_ONCE_EACH, UPLOADS
from core.errors import Busy, TooManyAtOnce

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterator

    from core.allowance import Allowance
    from core.limits import Limits
    from core.permit import Permit
    from core.room import Room

SOON = 10  # seconds after which an upload that runs now may well have ended


class Gate:
    """Lets uploads in."""

    def __init__(self, limits: Limits, room: Room, allowance: Allowance) -> None:
        self._limits = limits
        self._room = room
        self._most = allowance.uploads_at_once
        self._most_each = allowance.uploads_at_once_each
        self._inside: Counter[str] = Counter()

    @contextmanager
    def entered(self, who: str) -> Iterator[Entered]:
        """Have one of the places in the block; where that fails, nothing is kept.

        Args:
            who: any text that names the sender.

        Raises:
            TooManyAtOnce: this sender has too many of them.
            Busy: all are taken.
        """
        if self._most_each and self._inside[who] >= self._most_each:
            self._limits.refused(AT_ONCE_EACH)
            raise TooManyAtOnce(self._most_each, SOON)
        if self._most and self._inside.total() >= self._most:
            self._limits.refused(AT_ONCE)
            raise Busy(SOON)
        self._inside[who] += 1
        entered = Entered(self._limits, self._room, who)
        try:
            yield entered
        except BaseException:
            self._room.give_back(entered.size)
            raise
        finally:
            self._inside[who] -= 1
            if not self._inside[who]:
                del self._inside[who]


class Entered:
    """An upload that has a place; `size` is what was taken in of it."""

    def __init__(self, limits: Limits, room: Room, who: str) -> None:
        self._limits = limits
        self._room = room
        self._who = who
        self.permit: Permit | None = None  # since its first bytes are about to come
        self.size = 0

    async def counted(
        self, content: AsyncIterable[bytes], size: int | None = None, *, free: int = 0
    ) -> AsyncIterator[bytes]:
        """Pass the content on; `size` is what was declared. Several contents are one upload.

        Up to `free` bytes pass uncounted: whoever keeps no more than that uses the permit.

        Raises:
            StorageFull: there is no room for it, or no more.
            RateLimited: its sender had too many uploads.
            Unavailable: Redis does not answer, so nobody can tell.
        """
        if self.permit is None:
            self.permit = self._limits.permit(UPLOADS, self._who)
        await self._room.check(size or 0)
        async for piece in content:
            self.size += len(piece)
            if self.size > free:
                await self._limits.use(self.permit)
            await self._room.take(len(piece))
            yield piece
        if not free:  # nor was there anything in it, perhaps
            await self._limits.use(self.permit)
