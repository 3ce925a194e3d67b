"""Whether the process lives, and whether it can work."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from core.errors import Unavailable
from core.heartbeats import SILENT
from web.keys import HOUSE

if TYPE_CHECKING:
    from core.heartbeats import Heartbeats

PATIENCE = 3.0  # seconds

routes = web.RouteTableDef()


@routes.get("/healthz")
async def alive(_request: web.Request) -> web.Response:
    """Answer while the event loop runs."""
    return web.json_response({"alive": True})


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """Answer 200 only when Redis and the blob store do; the rest is told for information."""
    house = request.app[HOUSE]
    found, doors = await asyncio.gather(house.readiness.look(), _doors(house.heartbeats))
    told = {"ready": bool(found), **asdict(found), "doors": doors}
    return web.json_response(told, status=200 if found else 503)


async def _doors(heartbeats: Heartbeats) -> dict[str, bool]:
    """Tell which doors gave a sign of life lately; one of another process may be gone for good."""
    try:
        async with asyncio.timeout(PATIENCE):
            seen = await heartbeats.last()
    except (Unavailable, TimeoutError):
        return {}
    now = datetime.now(UTC)
    return {door: (now - at).total_seconds() < SILENT for door, at in sorted(seen.items())}
