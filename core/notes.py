"""What a door wants to find again after a restart; nothing of a secret, nothing of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from core.errors import Unavailable

if TYPE_CHECKING:
    from core.redis_cluster import AnyRedis


class Notes:
    """Short texts in Redis, by name."""

    def __init__(self, redis: AnyRedis) -> None:
        self._redis = redis

    async def read(self, name: str) -> str | None:
        """Find a note."""
        try:
            note = await self._redis.get(f"ots:note:{name}")
        except RedisError as error:
            raise Unavailable from error
        return note.decode() if isinstance(note, bytes) else note

    async def write(self, name: str, text: str) -> None:
        """Keep a note."""
        try:
            await self._redis.set(f"ots:note:{name}", text)
        except RedisError as error:
            raise Unavailable from error
