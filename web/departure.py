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
    quiet = {(one, True): clock() - PATIENCE for one in _here(server) if one.waits}
    await asyncio.sleep(stop.delay)
    listening.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(stop.timeout):
            while here := _here(server):  # aiohttp does not tell when the last one goes
                states = [(one, one.waits) for one in here if not one.busy]
                quiet = {state: quiet.get(state, clock()) for state in states}
                for (connection, _), since in quiet.items():
                    if clock() - since >= PATIENCE:
                        connection.force_close()
                await asyncio.sleep(LOOK_EVERY)


def _here(server: web.Server) -> list[Connection]:
    return [one for one in server.connections if isinstance(one, Connection) and not one.over]
