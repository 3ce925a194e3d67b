"""What arrives, in portions: a connection that must stop reading has one too many, never more.

uvloop gives up to 256 KB at once, and aiohttp keeps them whole until their last byte was taken.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

PORTION = 64 * 1024


class Portions(asyncio.BufferedProtocol):
    """Stands between a transport and its connection. All of them read into one buffer in turn."""

    def __init__(self, connection: web.RequestHandler, buffer: memoryview) -> None:
        self._buffer = buffer
        self._take = connection.data_received
        # The rest is between the two of them.
        self.connection_made = connection.connection_made  # type: ignore[method-assign]
        self.connection_lost = connection.connection_lost  # type: ignore[method-assign]
        self.eof_received = connection.eof_received  # type: ignore[method-assign]
        self.pause_writing = connection.pause_writing  # type: ignore[method-assign]
        self.resume_writing = connection.resume_writing  # type: ignore[method-assign]

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the transport's wish
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._take(bytes(self._buffer[:nbytes]))
