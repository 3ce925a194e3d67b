"""Metrics and health on a port of their own, which no visitor reaches: one for each process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core.background import beside
from core.errors import CannotStart
from web import health
from web.gauges import Gauges
from web.keys import HOUSE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.bootstrap import House

GAUGES = web.AppKey("gauges", Gauges)

routes = web.RouteTableDef()


@asynccontextmanager
async def serve_metrics(house: House, host: str, port: int) -> AsyncIterator[None]:
    """Serve in the block.

    Raises:
        CannotStart: the port can't be used.
    """
    app = web.Application()
    gauges = Gauges(house)
    app[HOUSE], app[GAUGES] = house, gauges
    app.add_routes(routes)
    app.add_routes(health.routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await _listen(runner, host, port)
        async with beside(house.metrics.watch_loop()), beside(gauges.keep_adding_up()):
            yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise CannotStart(
            f"METRICS_PORT: {port} on {host} can not be used: {error.strerror}. "
            "Each process needs one of its own."
        ) from None


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Tell Prometheus everything."""
    await request.app[GAUGES].look()
    registry = request.app[HOUSE].metrics.registry
    body = await asyncio.to_thread(generate_latest, registry)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
