"""What a Redis says of itself: whether it takes writes, and whether it keeps what it took.

A cluster's primaries are asked one by one: it is as good as the worst of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from core.redis_cluster import AnyRedis, Cluster
from core.redis_server import OLDEST

if TYPE_CHECKING:
    from collections.abc import Sequence

SECTIONS = ("server", "persistence", "memory", "replication")
FSYNC = "appendfsync"
SAVES, STOPS = "save", "stop-writes-on-bgsave-error"


@dataclass(frozen=True, slots=True)
class RedisState:
    """What one server says; sizes in bytes, `uptime` in seconds, `dataset` without what it wastes.

    `server` is its name in a cluster. `fsync` is None where it tells its settings to nobody, as
    hosted ones do. `enough`: it has the replicas without which it takes no writes; None where it
    needs none.
    """

    server: str
    version: str
    loading: bool
    replica: bool
    replicas: int
    enough: bool | None
    persists: bool
    last_write_failed: bool
    fsync: str | None
    policy: str
    used: int
    dataset: int
    most: int
    uptime: int

    @classmethod
    async def read(cls, redis: AnyRedis) -> list[RedisState]:
        """Ask the server, or every primary.

        Raises:
            RedisError: one does not answer.
        """
        told = await _asked(redis, "INFO", *SECTIONS)
        settings = await _settings(redis)
        return [cls._read(server, info, settings.get(server, {})) for server, info in told.items()]

    @classmethod
    def _read(cls, server: str, told: dict[str, Any], settings: dict[str, str]) -> RedisState:
        return cls(
            server=server,
            version=str(told.get("valkey_version", told.get("redis_version", "0"))),
            loading=told.get("loading", 0) != 0,
            replica=told.get("role") == "slave",
            replicas=int(told.get("connected_slaves", 0)),
            enough=_enough(told.get("min_slaves_good_slaves")),
            persists=told.get("aof_enabled", 0) == 1,
            last_write_failed=told.get("aof_last_write_status", "ok") != "ok"
            or (told.get("rdb_last_bgsave_status", "ok") != "ok" and _stops(settings)),
            fsync=settings.get(FSYNC),
            policy=str(told.get("maxmemory_policy", "noeviction")),
            used=int(told.get("used_memory", 0)),
            dataset=int(told.get("used_memory_dataset", 0)),
            most=int(told.get("maxmemory", 0)),
            uptime=int(told.get("uptime_in_seconds", 0)),
        )

    @property
    def takes_writes(self) -> bool:
        """Whether what becomes of a secret can be written there now."""
        alone = self.enough is False
        return not (self.loading or self.replica or self.last_write_failed or alone)

    @property
    def full(self) -> bool:
        """Whether its memory takes no more secrets; those that are there still open."""
        return bool(self.most) and self.used >= self.most

    @property
    def too_old(self) -> bool:
        """Whether it is older than what our scripts need."""
        return int(self.version.partition(".")[0]) < OLDEST

    def risks(self) -> list[str]:
        """Say how a secret could be lost there that its sender was given a link for."""
        found = []
        if not self.persists:
            found.append("it forgets everything when it restarts: set appendonly yes")
        elif self.fsync not in {"always", None}:
            found.append("it loses its last moments when its machine fails: set appendfsync always")
        if self.policy != "noeviction":
            found.append("it drops secrets when memory is short: set maxmemory-policy noeviction")
        if self.replicas and self.enough is None:
            found.append("it takes writes that a fail-over undoes: set min-replicas-to-write 1")
        return found

    @staticmethod
    def risks_of_blobs(states: Sequence[RedisState]) -> list[str]:
        """Say what else there is to know where blobs and latches lie there too."""
        back = (
            "blobs and latches lie in it: if it falls back to an earlier moment (a failover, a "
            "backup), what was opened since can be opened again. A folder or a bucket prevents that"
        )
        found = [back]
        if not all(state.most for state in states):
            found.append("blobs may take all memory of its machine: set maxmemory")
        return found


def _enough(replicas: int | None) -> bool | None:
    """It counts those that follow closely only where it needs some; with none it has too few."""
    return None if replicas is None else replicas > 0


async def _settings(redis: AnyRedis) -> dict[str, dict[str, str]]:
    try:
        return await _asked(redis, "CONFIG GET", FSYNC, SAVES, STOPS)
    except ResponseError:  # not allowed, or not known there
        return {}


async def _asked(redis: AnyRedis, *command: str) -> dict[str, Any]:
    """Answer by the servers' names; where there is one alone, it has none."""
    if isinstance(redis, Cluster):
        return await redis.each(*command)
    return {"": await redis.execute_command(*command)}  # type: ignore[no-untyped-call]


def _stops(settings: dict[str, str]) -> bool:
    """Tell whether a copy that could not be written to the disk stops all writes."""
    return settings.get(STOPS) == "yes" and bool(settings.get(SAVES))
