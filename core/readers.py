"""Groups of readers of a Redis stream: each entry has one at a time, until it is acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError

from core.errors import Unavailable

if TYPE_CHECKING:
    from core.redis_cluster import AnyRedis
AT_ONCE = 100
PATIENCE = 2_000  # ms to wait for news


async def join(redis: AnyRedis, stream: str, group: str) -> None:
    """Make a group of readers, once; it begins with the oldest entry that is kept.

    Raises:
        Unavailable: Redis does not answer.
    """
    try:
        if not await _is_there(redis, stream, group):  # where memory is short, none can be made
            await redis.xgroup_create(stream, group, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise Unavailable from error
    except RedisError as error:
        raise Unavailable from error


async def _is_there(redis: AnyRedis, stream: str, group: str) -> bool:
    if not await redis.exists(stream):
        return False
    return group.encode() in {one["name"] for one in await redis.xinfo_groups(stream)}


async def take(
    redis: AnyRedis, stream: str, group: str, reader: str, *, abandoned: int
) -> list[tuple[str, dict[bytes, bytes]]]:
    """Take entries that nobody else in the group has, also those taken and left `abandoned` ms ago.

    Waits up to two seconds for the first.

    Raises:
        Unavailable: Redis does not answer, or has no such group any more.
    """
    try:
        left: Any = await redis.xautoclaim(
            stream, group, reader, min_idle_time=abandoned, count=AT_ONCE
        )
        entries: list[tuple[bytes, dict[bytes, bytes] | None]] = left[1]
        if not entries:
            told: Any = await redis.xreadgroup(
                group, reader, {stream: ">"}, count=AT_ONCE, block=PATIENCE
            )
            entries = told[0][1] if told else []
    except RedisError as error:
        raise Unavailable from error
    return [(name.decode(), fields) for name, fields in entries if fields]
