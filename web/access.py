"""The line and the count of each request: no path, no address, no query.

Lines are written a few times a second: to write each while its request waits costs more than a
page does. What a process that is killed did in its last quarter of a second is not in its log.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from aiohttp.hdrs import METH_ALL

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from core.metrics import Metrics

log = structlog.get_logger()

GATHER = 0.25  # seconds
ABORTED = 499  # the status of a request whose client went away, as nginx writes it


class AccessLog:
    """Notes what was answered."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lines: list[tuple[str, str, int, float, float]] = []

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note route, status and time of a request."""
        started = time.perf_counter()
        status = ABORTED
        try:
            answer = await handler(request)
        except web.HTTPException as redirect:
            status = redirect.status
            raise
        else:
            status = answer.status
            return answer
        finally:
            self._note(request, status, time.perf_counter() - started)

    def _note(self, request: web.Request, status: int, took: float) -> None:
        resource = request.match_info.route.resource
        method = request.method if request.method in METH_ALL else "?"
        route = resource.canonical if resource is not None else "?"
        self._metrics.request(method, route, status, took)
        if not self._lines:
            asyncio.get_running_loop().call_later(GATHER, self.write)
        self._lines.append((method, route, status, took, time.time()))

    def write(self) -> None:
        """Write what was noted."""
        lines, self._lines = self._lines, []
        for method, route, status, took, at in lines:
            log.info(
                "request",
                method=method,
                route=route,
                status=status,
                ms=round(took * 1000, 1),
                timestamp=_written(at),
            )

    async def close(self, _app: web.Application) -> None:
        """Serve as the application's `on_cleanup` signal: nothing stays unwritten."""
        self.write()


def _written(at: float) -> str:
    """Write a moment as the log's other lines have it."""
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
