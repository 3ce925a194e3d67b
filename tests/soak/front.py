"""The way to several web servers, of which some may be down: clients try again, somewhere else."""

from __future__ import annotations

import asyncio
import io
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from aiohttp import ClientResponse, ClientSession

BROKEN = (ClientError, OSError, TimeoutError)
BACK_OFF = 0.05  # seconds
SILENCE = ClientTimeout(total=None, sock_read=30)


class Refused(Exception):
    """The server's answer was no."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem.get("type"))
        self.status = status
        self.retry_after: int = problem.get("retry_after", 0)


class Broken(Exception):
    """No server, no answer, half an answer, or "not available just now": ask again."""


class Front:
    """Sends each call to the next server, as a balancer would."""

    def __init__(self, client: ClientSession, urls: Sequence[str]) -> None:
        self._client = client
        self._urls = itertools.cycle(urls)

    @asynccontextmanager
    async def post(
        self, path: str, *, content: bytes = b"", **request: Any
    ) -> AsyncIterator[ClientResponse]:
        """Ask once; the answer may still break while it is read in the block.

        Raises:
            Refused: for good.
            Broken: ask again.
        """
        try:
            url = f"{next(self._urls)}{path}"
            if content:
                request["data"] = io.BytesIO(content)
            async with self._client.post(url, timeout=SILENCE, **request) as answer:
                if answer.status == 503:
                    raise Broken
                if not answer.ok:
                    raise Refused(answer.status, await answer.json(content_type=None))
                yield answer
        except BROKEN as error:
            raise Broken from error

    async def ask(self, path: str, **request: Any) -> dict[str, Any]:
        """Ask until there is a whole answer; what is asked must be safe to repeat.

        Raises:
            Refused: that was it.
        """
        while True:
            try:
                async with self.post(path, **request) as answer:
                    told: dict[str, Any] = {} if answer.status == 204 else await answer.json()
                    return told
            except Broken:
                await asyncio.sleep(BACK_OFF)
