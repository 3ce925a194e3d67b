"""One event of a platform makes one secret, however often the platform tells it.

Several events may make one secret together: the parts of an album, say. Then the mark of the whole
alone decides; the marks of its parts point to it, and it names those that were answered with it.
A part that came too late, or a whole that never was answered, does not stand in the way of another.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.background import beside
from core.errors import Duplicate, Unavailable
from core.link import ID_SIZE, SecretId, encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator

    from core.keys import ServerKey
    from core.scripts import Scripts

LEASE = 30.0  # seconds that a try which ended without a word blocks the next
REMEMBER = 48 * 60 * 60  # seconds; the platforms repeat for a day at most


@dataclass(frozen=True, slots=True)
class Creation:
    """The id that this try's secret gets, and those of earlier tries that may have left one."""

    secret_id: SecretId
    earlier: tuple[SecretId, ...]
    mark: str


class Creations:
    """Marks of events in Redis, under keyed hashes: they name people and chats."""

    def __init__(self, scripts: Scripts, server_key: ServerKey, *, lease: float = LEASE) -> None:
        self._run = scripts
        self._server_key = server_key
        self._lease = lease

    @asynccontextmanager
    async def once(
        self, door: str, event: str, parts: Collection[str] = (), *, patient: bool = True
    ) -> AsyncIterator[Creation]:
        """Handle an event in the block; it counts as answered when the block ends well.

        So do its `parts`, at the same moment. What earlier tries left is to be abandoned before a
        secret is made. A patient caller waits for a try at work to end: that it may do without a
        word.

        Raises:
            Duplicate: it was answered before, or somebody alive is handling it.
        """
        mark = self.mark(door, event)
        creation = await self._begin(mark, patient=patient)
        try:
            async with beside(self._stay(creation)):
                await self._cover(creation, {self.mark(door, part) for part in parts} - {mark})
                yield creation
        except BaseException:
            with suppress(Unavailable):  # the lease frees it then
                await asyncio.shield(self._keep(creation, "failed"))
            raise
        with suppress(Unavailable):  # its sender was answered: a repeat would replace the link
            await asyncio.shield(self._keep(creation, "answered"))

    async def answered(self, door: str, event: str) -> bool:
        """Tell whether an event was answered, by itself or as a part of another."""
        mark = self.mark(door, event)
        state, _, whole = await self._run("look", mark)
        if state != b"answered" and whole:
            state, _, _ = await self._run("look", whole, mark)
        return bool(state == b"answered")

    def mark(self, door: str, event: str) -> str:
        """Name the key of an event's mark."""
        return f"ots:event:{encode(self._server_key.owner(f'{door} event', event))}"

    async def _begin(self, mark: str, *, patient: bool = True) -> Creation:
        secret_id = SecretId.random()
        while True:
            match await self._take(mark, secret_id):
                case [b"ours", bytes(earlier)]:
                    return Creation(secret_id, tuple(_ids(earlier)), mark)
                case [b"working", int(left)] if patient:
                    await asyncio.sleep(left / 1000)
                    patient = False
                case [state, *_]:
                    raise Duplicate(answered=state == b"answered")

    async def _take(self, mark: str, secret_id: SecretId) -> Any:  # noqa: ANN401 - a script's answer
        wanted = (mark, secret_id.raw, round(self._lease * 1000), REMEMBER * 1000)
        answer = await self._run("begin", *wanted)
        if answer[0] != b"part":
            return answer
        state, left, _ = await self._run("look", answer[1], mark)
        if state == b"free":
            return await self._run("begin", *wanted, answer[1])
        return [state, left]

    async def _cover(self, creation: Creation, parts: Collection[str]) -> None:
        """Name the parts, each of them first: none may be told apart from an answered whole."""
        if parts:
            await self._run.in_order(
                [("part", part, creation.mark, REMEMBER * 1000) for part in parts],
                [("cover", creation.mark, creation.secret_id.raw, " ".join(parts))],
            )

    async def _stay(self, creation: Creation) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            with suppress(Unavailable):
                await self._keep(creation, "working")

    async def _keep(self, creation: Creation, state: str) -> None:
        lease = round(self._lease * 1000)
        await self._run("keep", creation.mark, creation.secret_id.raw, state, lease)


def _ids(raw: bytes) -> Iterator[SecretId]:
    for start in range(0, len(raw), ID_SIZE):
        yield SecretId(raw[start : start + ID_SIZE])
