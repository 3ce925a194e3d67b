"""A client's connection: what is no request is answered like every error, and no head comes slowly.

aiohttp's own answer repeats what it could not read, names itself, and lacks our headers.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from web.middlewares import problem_answer
from web.problems import internal, problem_of_status

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from web.pages import Pages

log = structlog.get_logger()

# Seconds until the head of a request is whole, from the connection's begin or the last answer on.
# Proxies keep idle connections for 60 to 120 s, and must be the ones that close them.
HEAD_WITHIN = 150.0
WAITING = 64 * 1024  # bytes of a body that wait here, or two times as many and a portion
LONGEST_LINE = 8190  # bytes of the request's line, and of each header


class Connection(web.RequestHandler):
    """One client, for one or many requests."""

    __slots__ = ("_headers", "_pages")

    def __init__(
        self,
        server: web.Server,
        *,
        loop: asyncio.AbstractEventLoop,
        pages: Pages,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # none: `web.middlewares` writes one without addresses
            auto_decompress=False,
            keepalive_timeout=HEAD_WITHIN,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
            read_bufsize=WAITING,
        )
        self._pages = pages
        self._headers = {**headers, "Server": ""}  # else aiohttp's with its version

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._request_in_progress

    @property
    def over(self) -> bool:
        """Whether its client is gone, and nothing is at work for it any more."""
        return self.transport is None and not self.busy

    @property
    def waits(self) -> bool:
        """Whether it waits for a request, the first or the next.

        It does neither while it drops what is still sent after an early answer.
        """
        return self._waiter is not None and not self._waiter.done()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - holds what was sent
    ) -> web.StreamResponse:
        """Answer where no handler does, and close.

        Raises:
            ConnectionError: an answer has begun already.
        """
        fault = status == 500  # noqa: PLR2004 - HTTP's own
        # A client that went is no fault of ours, whether a write or the wait for one finds out.
        gone = self.transport is None or self.transport.is_closing()
        left = gone and isinstance(exc, ConnectionError)
        level = logging.ERROR if fault and not left else logging.INFO
        log.log(level, "request failed", error=type(exc).__name__, status=status)
        if request.writer.output_size > 0:
            raise ConnectionError
        if isinstance(exc, LineTooLong):
            status = 431
        problem = internal() if fault else problem_of_status(status)
        answer = problem_answer(request, self._pages, problem)
        answer.headers.update(self._headers)
        answer.force_close()
        return answer
