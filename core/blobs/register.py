"""Which blobs lie in Redis: to look for them by their names would take a walk through all keys.

ots:lying:<shard>  a hash: by a secret's id, that id and limit, moment and size of its blob

A blob is entered before it is whole, so that none ever lies there unknown. An entry without a blob
is no matter: whoever shreds what nobody needs finds nothing to shred, and the entry goes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.blobs import Lying
from core.link import SecretId
from core.record import INDEX_SHARDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Any

    from core.redis_pipe import Call

_ENTRY = struct.Struct(">16sQQQ")  # the id, limit (ms), since when (ms), bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A blob, since when (ms) it lies there, and how many sealed bytes it has."""

    lying: Lying
    since: int
    size: int


class Register:
    """The entries, in as many hashes as the sweeper's index has parts."""

    def __init__(self, ask: Callable[[Call], Awaitable[Any]]) -> None:
        """Take what sends one command to Redis."""
        self._ask = ask

    async def add(self, entry: Entry) -> None:
        secret_id = entry.lying.secret_id
        told = _ENTRY.pack(secret_id.raw, entry.lying.limit, entry.since, entry.size)
        await self._ask(("HSET", _key(_shard(secret_id)), secret_id.raw, told))

    async def drop(self, secret_id: SecretId) -> None:
        await self._ask(("HDEL", _key(_shard(secret_id)), secret_id.raw))

    async def all(self) -> AsyncIterator[Entry]:
        for shard in range(INDEX_SHARDS):
            found: list[bytes] = await self._ask(("HVALS", _key(shard)))
            for told in found:
                raw, limit, since, size = _ENTRY.unpack(told)
                yield Entry(Lying(SecretId(raw), limit), since, size)


def _shard(secret_id: SecretId) -> int:
    return secret_id.raw[0] % INDEX_SHARDS


def _key(shard: int) -> str:
    return f"ots:lying:{shard}"
