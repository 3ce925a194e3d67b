"""What a Redis says of itself: whether it takes writes, and whether it keeps what it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from core.redis_server import OLDEST

if TYPE_CHECKING:
    from redis.asyncio import Redis

SECTIONS = ("server", "persistence", "memory", "replication")
FSYNC = "appendfsync"


@dataclass(frozen=True, slots=True)
class RedisState:
    """`fsync` is None where the server tells its settings to nobody, as hosted ones do."""

    version: str
    loading: bool
    replica: bool
    persists: bool
    last_write_failed: bool
    fsync: str | None
    policy: str
    used: int
    most: int

    @classmethod
    async def read(cls, redis: Redis) -> RedisState:
        """Ask the server.

        Raises:
            RedisError: it does not answer.
        """
        told: dict[str, Any] = await redis.info(*SECTIONS)
        return cls(
            version=str(told.get("valkey_version", told.get("redis_version", "0"))),
            loading=told.get("loading", 0) != 0,
            replica=told.get("role") == "slave",
            persists=told.get("aof_enabled", 0) == 1,
            last_write_failed=told.get("aof_last_write_status", "ok") != "ok",
            fsync=await _fsync(redis),
            policy=str(told.get("maxmemory_policy", "noeviction")),
            used=int(told.get("used_memory", 0)),
            most=int(told.get("maxmemory", 0)),
        )

    @property
    def full(self) -> bool:
        """Whether its memory is used up, as far as it may use it."""
        return 0 < self.most <= self.used

    @property
    def takes_writes(self) -> bool:
        """Whether a secret can be kept there now."""
        return not (self.loading or self.replica or self.last_write_failed or self.full)

    def risks(self) -> list[str]:
        """Say how a secret could be lost there that its sender was given a link for."""
        found = []
        if int(self.version.partition(".")[0]) < OLDEST:
            found.append(f"its version is {self.version}: use {OLDEST} or newer")
        if not self.persists:
            found.append("it forgets everything when it restarts: set appendonly yes")
        elif self.fsync not in {"always", None}:
            found.append("it loses its last moments when its machine fails: set appendfsync always")
        if self.policy != "noeviction":
            found.append("it drops secrets when memory is short: set maxmemory-policy noeviction")
        return found

    def risks_of_blobs(self) -> list[str]:
        """Say what else there is to know where blobs and latches lie there too."""
        back = (
            "blobs and latches lie in it: if it falls back to an earlier moment (a failover, a "
            "backup), what was opened since can be opened again. A folder or a bucket prevents that"
        )
        found = [back]
        if not self.most:
            found.append("blobs may take all memory of its machine: set maxmemory")
        return found


async def _fsync(redis: Redis) -> str | None:
    try:
        told = await redis.config_get(FSYNC)
    except ResponseError:  # not allowed, or not known there
        return None
    return told.get(FSYNC)
