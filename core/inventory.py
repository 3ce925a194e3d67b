"""The secrets that are alive, as the operator may see them: no name, no sender, no content."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import Corrupt, Malformed
from core.link import SecretId
from core.record import INDEX_SHARDS, moment, record_key
from core.secret import State

if TYPE_CHECKING:
    from datetime import datetime

    from core.keys import ServerKey
    from core.scripts import Scripts

PAGE = 50  # secrets


@dataclass(frozen=True, slots=True)
class Listed:
    """One secret. `size_up_to` (bytes) is the next power of ten; `door` is where it is told."""

    id: SecretId
    state: State
    created_at: datetime
    expires_at: datetime
    size_up_to: int
    door: str


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the list a page ended: what is due (ms) first comes first."""

    due: int
    raw: bytes

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read what `str` wrote.

        Raises:
            Malformed: it was not.
        """
        due, _, name = text.partition(".")
        if not (due.isascii() and due.isdecimal() and len(due) <= 15):  # noqa: PLR2004 - ms
            raise Malformed("after")
        return cls(int(due), SecretId.parse(name).raw)

    def __str__(self) -> str:
        return f"{self.due}.{SecretId(self.raw)}"


class Inventory:
    """Reads the sweeper's index: what is over has left it, or is about to."""

    def __init__(self, scripts: Scripts, server_key: ServerKey) -> None:
        self._run = scripts
        self._server_key = server_key

    async def alive(self) -> int:
        """Count the secrets, those that are being opened among them.

        Raises:
            Unavailable: Redis does not answer.
        """
        counts = await self._run.together(*(("ZCARD", _shard(n)) for n in range(INDEX_SHARDS)))
        return sum(counts)

    async def page(
        self, after: Place | None = None, most: int = PAGE
    ) -> tuple[list[Listed], Place | None]:
        """List secrets after a place, and the place where the page ends unless it is the last.

        Raises:
            Unavailable: Redis does not answer.
        """
        places = await self._places(after or Place(0, b""), most + 1)
        some = places[:most]
        if not some:
            return [], None
        told = await self._run.together(
            *(("observe", record_key(SecretId(place.raw))) for place in some)
        )
        pairs = (
            (SecretId(place.raw), answer) for place, (answer, *_) in zip(some, told, strict=True)
        )
        listed = [self._read(one, answer) for one, answer in pairs if answer[0] == b"ok"]
        return listed, some[-1] if len(places) > most else None

    async def _places(self, after: Place, most: int) -> list[Place]:
        """Take the next ones out of every shard; the first of all of them are the next."""
        asked = ((_shard(n), f"{after.due}") for n in range(INDEX_SHARDS))
        some = ("BYSCORE", "LIMIT", 0, most + 1, "WITHSCORES")
        found = await self._run.together(
            *(("ZRANGE", shard, since, "+inf", *some) for shard, since in asked)
        )
        places = (Place(int(due), raw) for shard in found for raw, due in shard)
        return sorted(place for place in places if place > after)[:most]

    def _read(self, secret_id: SecretId, answer: list[Any]) -> Listed:
        _, state, created, expires, size, ref = answer
        up_to = 10 ** max(3, len(str(max(0, size - 1))))
        door = self._door(secret_id, ref)
        return Listed(
            secret_id, State(state.decode()), moment(created), moment(expires), up_to, door
        )

    def _door(self, secret_id: SecretId, ref: bytes) -> str:
        if ref:
            with suppress(Corrupt):
                return self._server_key.open_ref(secret_id.raw, ref).door
        return "web"


def _shard(number: int) -> str:
    return f"ots:due:{number}"
