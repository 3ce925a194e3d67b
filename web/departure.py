"""How the server leaves: it lets everybody end, and nobody's request fails by it.

aiohttp's own way would stop reading what is being uploaded as soon as the server stops.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from web.connections import Connection

if TYPE_CHECKING:
    from aiohttp import web

    from core.stop import Stop

log = structlog.get_logger()

LOOK_EVERY = 0.01  # seconds between two looks at who is still here
# Seconds for whoever was busy before to ask once more on the same connection: a page says that it
# has everything. That answer then ends the connection, as each does from the delay's begin on.
PATIENCE = 1.0


async def depart(listening: asyncio.Server, server: web.Server | None, stop: Stop) -> None:
    """Serve on while balancers learn that they should not come; then let who is here end.

    Returns after `stop.delay` and at most `stop.timeout` seconds; who is here then is cut off.
    """
    log.info("web stops", delay=stop.delay, timeout=stop.timeout)
    assert server is not None  # noqa: S101 - it was set up
    clock = asyncio.get_running_loop().time
    idle = dict.fromkeys(_idle(server), clock() - PATIENCE)
    await asyncio.sleep(stop.delay)
    listening.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(stop.timeout):
            while server.connections:  # aiohttp does not tell when the last one goes
                idle = {one: idle.get(one, clock()) for one in _idle(server)}
                for one, since in idle.items():
                    if clock() - since >= PATIENCE:
                        one.force_close()
                await asyncio.sleep(LOOK_EVERY)


def _idle(server: web.Server) -> list[Connection]:
    return [one for one in server.connections if isinstance(one, Connection) and one.idle]
