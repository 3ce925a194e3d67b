"""Whether the process lives, and whether it can work."""

from __future__ import annotations

import asyncio

from aiohttp import web
from redis.exceptions import RedisError

from core.errors import OneTimeShareError
from web.keys import HOUSE

PATIENCE = 3.0  # seconds

routes = web.RouteTableDef()


@routes.get("/healthz")
async def alive(_request: web.Request) -> web.Response:
    """Answer while the event loop runs."""
    return web.json_response({"alive": True})


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """Answer 200 only when Redis and the blob store do."""
    house = request.app[HOUSE]
    checks = {"redis": house.redis.ping(), "blobs": house.blobs.check()}
    told = {}
    for name, check in checks.items():
        try:
            async with asyncio.timeout(PATIENCE):
                await check
            told[name] = True
        except (RedisError, OneTimeShareError, TimeoutError, OSError):
            told[name] = False
    status = 200 if all(told.values()) else 503
    return web.json_response({"ready": status == 200, **told}, status=status)  # noqa: PLR2004 - HTTP's OK
