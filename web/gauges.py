"""What all processes share, as it stands when Prometheus asks: each web process tells it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from math import inf, nan
from typing import TYPE_CHECKING, TypeVar

from prometheus_client import Gauge

from core.blobs import BOUNDLESS
from core.errors import OneTimeShareError
from core.heartbeats import SILENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.bootstrap import House

T = TypeVar("T")
D = TypeVar("D")

PATIENCE = 3.0  # seconds for all of it; what did not answer is told as unknown
STORED_EVERY = 300.0  # seconds between two walks through everything that is stored
ADDED_UP_WITHIN = 120.0  # seconds that such a walk may take
PARTS = ("redis", "blobs", "room", "durable")


class Gauges:
    """Looks up and sets them; one that can't be looked up is not a number."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._ready = self._gauge("ready", "Whether a part can be worked with.", "part")
        self._secrets = self._gauge("secrets_alive", "Secrets that are kept.")
        self._stored = self._gauge("blob_stored_bytes", "Sealed bytes in the blob store.")
        self._free = self._gauge("blob_free_bytes", "What the blob store's disk has left.")
        self._receipts = self._gauge("receipts_waiting", "Receipts no door has taken.", "door")
        self._up = self._gauge("door_up", "Whether a door gave a sign of life lately.", "door")
        self._seen = self._gauge(
            "door_seen_timestamp_seconds", "When a door gave its last sign of life.", "door"
        )

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"onetimeshare_{name}", what, labels, registry=self._house.metrics.registry)

    async def look(self) -> None:
        """Look all of them up at once."""
        house = self._house
        await asyncio.gather(
            self._look_at_parts(),
            _into(self._secrets, house.inventory.alive),
            _into(self._free, house.blobs.free),
            self._look_at_receipts(),
            self._look_at_doors(),
        )

    async def keep_adding_up(self) -> None:
        """Add up what is stored, now and then until cancelled: a large store takes a while."""
        while True:
            await _into(self._stored, self._house.blobs.stored, ADDED_UP_WITHIN)
            await asyncio.sleep(STORED_EVERY)

    async def _look_at_parts(self) -> None:
        found = await self._house.readiness.look()
        for part in PARTS:
            self._ready.labels(part).set(getattr(found, part))

    async def _look_at_receipts(self) -> None:
        self._receipts.clear()
        for door, waiting in (await _asked(self._house.receipts.waiting, {})).items():
            self._receipts.labels(door).set(waiting)

    async def _look_at_doors(self) -> None:
        now = datetime.now(UTC)
        for door, at in (await _asked(self._house.heartbeats.last, {})).items():
            self._seen.labels(door).set(at.timestamp())
            self._up.labels(door).set((now - at).total_seconds() < SILENT)


async def _into(
    gauge: Gauge, ask: Callable[[], Awaitable[int]], patience: float = PATIENCE
) -> None:
    found = await _asked(ask, nan, patience)
    gauge.set(inf if found >= BOUNDLESS else found)


async def _asked(ask: Callable[[], Awaitable[T]], unknown: D, patience: float = PATIENCE) -> T | D:
    try:
        async with asyncio.timeout(patience):
            return await ask()
    except (OneTimeShareError, OSError, TimeoutError):
        return unknown
