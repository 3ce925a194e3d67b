"""What a Redis is stamped with: whose key its data was made with, and in which format it is.

Both are written by the first start, and compared by every other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.exceptions import OutOfMemoryError, RedisError

from core.errors import CannotStart

if TYPE_CHECKING:
    from core.keys import ServerKey
    from core.redis_cluster import AnyRedis

KEY, FORMAT = "ots:key-check", "ots:format"
# The newest record that this server writes and reads; record.lua and invitation.lua say the same.
WRITTEN = 1
OTHER_KEY = (
    "SECRET_KEY is not the one that this Redis was used with: "
    "bring the old key back, or use an empty Redis and an empty data folder."
)
NEWER = (
    "A newer version of OneTimeShare has written to this Redis, in a format that this one can not "
    "read: start that version or a newer one. Nothing was changed."
)
FULL = (
    "Redis has no memory left for what a first start writes: give it more (maxmemory), "
    "or use another one."
)


async def check(redis: AnyRedis, server_key: ServerKey) -> None:
    """Compare both, and stamp what has none yet.

    Raises:
        CannotStart: the data was made with another key, or by a newer server.
    """
    try:
        await _check_format(redis)
        if await _stamped(redis, KEY, server_key.check_value()) != server_key.check_value():
            raise CannotStart(OTHER_KEY)
    except OutOfMemoryError:
        raise CannotStart(FULL) from None
    except RedisError as error:
        raise CannotStart(f"Redis does not take what a start writes: {error}") from None


async def _check_format(redis: AnyRedis) -> None:
    found = await _stamped(redis, FORMAT, str(WRITTEN).encode())
    if not found.isdigit() or int(found) > WRITTEN:
        raise CannotStart(NEWER)
    if int(found) < WRITTEN:
        await redis.set(FORMAT, WRITTEN)


async def _stamped(redis: AnyRedis, stamp: str, ours: bytes) -> bytes:
    """Read a stamp, which is ours where there was none: a full Redis still tells what it has."""
    found = await redis.get(stamp)
    if found is None:
        await redis.set(stamp, ours, nx=True)
        found = await redis.get(stamp)
    return found if isinstance(found, bytes) else b""
