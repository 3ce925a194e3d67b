"""What the admin is told: figures by the hour and the day, and what is kept now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from core.allowance import LIMITS
from core.blobs import BOUNDLESS
from core.errors import Unavailable
from core.heartbeats import SILENT, last_of
from core.language import N_
from core.redis_state import RedisState
from core.secret import State
from core.statistics import LIMIT_HIT, SEALED, total

if TYPE_CHECKING:
    from collections import Counter

    from core.bootstrap import House
    from core.inventory import Listed

DAY, MONTH = 24, 30  # hours, days
DOORS = ("web", "telegram", "discord")
# Every figure and what people call it, in the order in which they are shown.
LABELS = {
    "sealed": N_("Sealed"),
    "sealed:web": N_("… on the web"),
    "sealed:telegram": N_("… in Telegram"),
    "sealed:discord": N_("… in Discord"),
    "opened": N_("Opened"),
    "unconfirmed": N_("Opened, not confirmed"),
    "interrupted": N_("Interrupted"),
    "expired": N_("Expired unopened"),
    "revoked": N_("Revoked"),
    "withdrawn": N_("Destroyed by the operator"),
    "locked": N_("Locked"),
    "held": N_("Claimed again and again"),
    "lost": N_("Lost"),
    "wrong_passwords": N_("Wrong passwords"),
    "limit_hits": N_("Limits hit"),
    "bytes_in": N_("Bytes in"),
    "bytes_out": N_("Bytes out"),
}
# What a secret of the list may be.
STATES = {
    State.READY: N_("waiting"),
    State.CLAIMED: N_("about to be opened"),
    State.LOCKED: N_("locked"),
    State.OPENED: N_("being received"),
}
FIGURES = [name for name in LABELS if not name.startswith(SEALED)]


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour or a day, by its beginning."""

    at: datetime
    figures: Counter[str]

    def __getitem__(self, name: str) -> int:
        """Take a figure; `sealed` is what was sealed at whichever door."""
        if name == "sealed":
            return sum(n for one, n in self.figures.items() if one.startswith(SEALED))
        return self.figures[name]

    def json(self) -> dict[str, Any]:
        doors = {door: self[SEALED + door] for door in DOORS}
        return {
            "at": _told(self.at),
            "sealed_by_door": doors,
            "limit_hits_by_limit": {limit: self[LIMIT_HIT + limit] for limit in LIMITS},
            **{name: self[name] for name in FIGURES},
        }


@dataclass(frozen=True, slots=True)
class Door:
    """A door and its last sign of life, None for never."""

    name: str
    seen_at: datetime | None
    alive: bool


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. Sizes in bytes; `totals` by how many days they reach back."""

    at: datetime
    hours: list[Slot]
    days: list[Slot]
    totals: dict[int, Slot]
    doors: list[Door]
    secrets: int
    blob_bytes: int
    disk_free: int | None  # None: a bucket, which no disk ends
    redis_memory: int

    def json(self) -> dict[str, Any]:
        return {
            "at": _told(self.at),
            "totals": {f"{days}d": slot.json() for days, slot in self.totals.items()},
            "hours": [slot.json() for slot in self.hours],
            "days": [slot.json() for slot in self.days],
            "doors": [
                {"name": one.name, "alive": one.alive, "seen_at": _told(one.seen_at)}
                for one in self.doors
            ],
            "secrets": self.secrets,
            "blob_bytes": self.blob_bytes,
            "disk_free": self.disk_free,
            "redis_memory": self.redis_memory,
        }


async def report(house: House) -> Report:
    """Gather it.

    Raises:
        Unavailable: Redis or the blob store does not answer.
    """
    counted = await house.statistics.hours()
    hours = [Slot(datetime.fromtimestamp(3600 * hour, UTC), n) for hour, n in counted.items()]
    days = _by_day(hours)
    alive, stored, free = house.inventory.alive(), house.blobs.stored(), house.blobs.free()
    secrets, blob_bytes, disk_free = await asyncio.gather(alive, stored, free)
    memory, doors = await asyncio.gather(_memory(house), _doors(house))
    return Report(
        at=datetime.now(UTC),
        hours=hours[-DAY:],
        days=days[-MONTH:],
        totals={
            1: _sum(hours[-DAY:]),
            30: _sum(days[-MONTH:]),
            90: _sum(days),
        },
        doors=doors,
        secrets=secrets,
        blob_bytes=blob_bytes,
        disk_free=None if disk_free == BOUNDLESS else disk_free,
        redis_memory=memory,
    )


def _by_day(hours: list[Slot]) -> list[Slot]:
    days: dict[datetime, list[Slot]] = {}
    for slot in hours:
        days.setdefault(slot.at.replace(hour=0), []).append(slot)
    return [Slot(day, total(slot.figures for slot in slots)) for day, slots in days.items()]


def _sum(slots: list[Slot]) -> Slot:
    return Slot(slots[0].at, total(slot.figures for slot in slots))


async def _memory(house: House) -> int:
    try:
        servers = await RedisState.read(house.redis)
    except RedisError as error:
        raise Unavailable from error
    return sum(one.used for one in servers)


async def _doors(house: House) -> list[Door]:
    seen, now = await house.heartbeats.last(), datetime.now(UTC)
    return [
        Door(name, at, at is not None and (now - at).total_seconds() < SILENT)
        for name in DOORS
        for at in [last_of(name, seen)]
    ]


def listed_json(one: Listed) -> dict[str, Any]:
    """Write a secret of the list."""
    return {
        "id": str(one.id),
        "state": one.state.value,
        "created_at": _told(one.created_at),
        "expires_at": _told(one.expires_at),
        "size_up_to": one.size_up_to,
        "door": one.door,
    }


def _told(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
