"""The way to several web servers, of which some may be down: clients try again, somewhere else."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientTimeout

from tests.soak.timings import Timings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from aiohttp import ClientResponse, ClientSession

BROKEN = (ClientError, OSError, TimeoutError)
BACK_OFF = 0.05  # seconds
SILENCE = ClientTimeout(total=None, sock_read=30)


class Refused(Exception):
    """The server's answer was no."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status, problem.get("type"), problem.get("state"))
        self.status = status
        self.state: str = problem.get("state", "")
        self.retry_after: int = problem.get("retry_after", 0)


class Broken(Exception):
    """No server, no answer, half an answer, or "not available just now": ask again."""


class Front:
    """Sends each call to the next server, as a balancer would."""

    def __init__(
        self, client: ClientSession, urls: Sequence[str], timings: Timings | None = None
    ) -> None:
        self._client = client
        self._urls = itertools.cycle(urls)
        self.timings = timings or Timings()

    @asynccontextmanager
    async def post(
        self, path: str, *, content: bytes = b"", method: str = "POST", **request: Any
    ) -> AsyncIterator[ClientResponse]:
        """Ask once; the answer may still break while it is read in the block.

        Raises:
            Refused: for good.
            Broken: ask again.
        """
        began, kind = time.monotonic(), _kind(method, path, len(content))
        if "password" in request.get("json", {}):
            kind = f"{kind}, password"
        try:
            url = f"{next(self._urls)}{path}"
            if content:
                request["data"] = io.BytesIO(content)
            async with self._client.request(method, url, timeout=SILENCE, **request) as answer:
                await self._check(answer, kind, began)
                yield answer
        except (*BROKEN, Broken) as error:
            self.timings.broke(kind, began, error)
            raise Broken from error

    async def _check(self, answer: ClientResponse, kind: str, began: float) -> None:
        if answer.status == 503:
            raise Broken
        self.timings.note(kind, began)
        if not answer.ok:
            raise Refused(answer.status, await answer.json(content_type=None))

    async def ask(self, path: str, **request: Any) -> dict[str, Any]:
        """Ask until there is a whole answer; what is asked must be safe to repeat.

        A `data` that can be sent only once is given as what makes it.

        Raises:
            Refused: that was it.
        """
        make = request.pop("make", dict)
        while True:
            try:
                async with self.post(path, **request, **make()) as answer:
                    body = await answer.read()
                    if answer.content_type != "application/json":
                        return {}
                    told: dict[str, Any] = json.loads(body)
                    return told
            except Broken:
                await asyncio.sleep(BACK_OFF)


def _kind(method: str, path: str, size: int) -> str:
    """Name what is asked, without ids; what takes long by its size is another kind."""
    if method == "DELETE":
        return "revoke"
    parts = path.partition("?")[0].strip("/").split("/")
    name = {"d": "take", "r": "hand in"}.get(parts[0], parts[-1])
    if method in {"GET", "HEAD"} and parts[0] == "s":
        name = "page"
    return f"{name}, large" if size > 100_000 else name
