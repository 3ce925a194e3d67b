"""What was handed in, on its way to whoever asked: sealed in the invitation until it was told.

A stream for each door names the invitations, and holds nothing else. An entry goes with the link
that it leads to; a link that no door fetched goes with its invitation, after a day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from core import readers
from core.errors import Unavailable
from core.invitation import Asking, HandedIn, InvitationId, key_of, stream_of

if TYPE_CHECKING:
    from core.keys import ServerKey
    from core.redis_cluster import AnyRedis
    from core.scripts import Scripts

GROUP = "door"
ABANDONED = 30_000  # ms after which what was taken and not told is told again


@dataclass(frozen=True, slots=True)
class Handover:
    """One link to deliver, and to whom."""

    invitation: InvitationId
    owner: bytes = field(repr=False)
    asking: Asking
    handed: HandedIn


class Handed:
    """What waits for the doors. Every method raises Unavailable when Redis does not answer."""

    def __init__(self, redis: AnyRedis, scripts: Scripts, server_key: ServerKey) -> None:
        self._redis = redis
        self._run = scripts
        self._server_key = server_key

    async def join(self, door: str) -> None:
        """Make the group of a door's replicas, once."""
        await readers.join(self._redis, stream_of(door), GROUP)

    async def take(self, door: str, reader: str) -> list[tuple[str, InvitationId]]:
        """Take entries that no other replica has, also what one left that is gone.

        Waits up to two seconds for the first. Each is told again, until it is delivered.
        """
        stream = stream_of(door)
        entries = await readers.take(self._redis, stream, GROUP, reader, abandoned=ABANDONED)
        return [(name, InvitationId(fields[b"invitation"])) for name, fields in entries]

    async def look(self, name: InvitationId) -> Handover | None:
        """Read what an invitation brought; None when it was delivered before, or its day is over.

        Raises:
            Corrupt: it was sealed under another key.
        """
        try:
            found = await self._redis.hmget(key_of(name), ["owner", "asking", "link"])
        except RedisError as error:
            raise Unavailable from error
        owner, asking, link = cast("list[bytes | None]", found)
        if not (owner and asking and link):
            return None
        return Handover(
            name,
            owner,
            Asking.open(self._server_key, name, asking),
            HandedIn.open(self._server_key, name, link),
        )

    async def drop(self, door: str, entry: str) -> None:
        """Forget an entry whose link can't be told; whoever asked may still fetch that."""
        try:
            await self._redis.xack(stream_of(door), GROUP, entry)
            await self._redis.xdel(stream_of(door), entry)
        except RedisError as error:
            raise Unavailable from error

    async def delivered(self, name: InvitationId, door: str, entry: str = "") -> None:
        """Forget a link that whoever asked has now, and the entry that led to it."""
        await self._run("delivered", key_of(name), stream_of(door), GROUP, entry)
