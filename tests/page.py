"""A recipient's page as the tests play it: one claim, and what it has received so far."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError

from core.link import Claim, Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import ClientResponse, ClientSession

    from core.link import Key, SecretId

PAUSE = 0.02  # seconds before a page that was not answered asks again


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its status, and the problem's name where it is one."""

    status: int
    problem: str = ""
    more: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def failed(self) -> bool:
        """Whether the server itself could not answer: nothing was refused."""
        return self.status == 503

    @classmethod
    async def read(cls, answer: ClientResponse) -> Told:
        if not answer.content_type.endswith("json"):
            return cls(answer.status)
        more = await answer.json(content_type=None)
        return cls(answer.status, more.get("type", "").rpartition(":")[2], more)


@dataclass(slots=True)
class Page:
    """Opens, fetches from where it was interrupted, and says when it has everything."""

    client: ClientSession
    url: str
    link: Link
    claim: Claim = field(default_factory=Claim.random)
    received: bytearray = field(default_factory=bytearray)
    ticket: str = ""

    @property
    def at(self) -> str:
        return f"{self.url}/s/{self.link.id}"

    async def peek(self) -> Told:
        return await self._post("peek", key=self.link.key.reveal())

    async def open(self, **more: str) -> Told:
        told = await self._post("open", key=self.link.key.reveal(), **self._mine, **more)
        self.ticket = told.more.get("ticket", self.ticket)
        return told

    async def data(self) -> Told:
        """Fetch what is missing; a transfer that breaks leaves what came."""
        rights = {**self._mine, "ticket": self.ticket}
        return await self._fetch(f"{self.at}/data", rights)

    async def done(self) -> Told:
        return await self._post("done", **self._mine)

    async def download(self, **more: str) -> Told:
        """Do all of it in one call, as a script does."""
        fields = {"key": self.link.key.reveal(), **self._mine, **more}
        return await self._fetch(f"{self.url}/d/{self.link.id}", fields)

    @property
    def _mine(self) -> dict[str, str]:
        return {"claim": self.claim.reveal()}

    async def _post(self, step: str, **fields: str) -> Told:
        async with self.client.post(f"{self.at}/{step}", json=fields) as answer:
            return await Told.read(answer)

    async def _fetch(self, url: str, fields: dict[str, str]) -> Told:
        headers = {"Range": f"bytes={len(self.received)}-"} if self.received else {}
        async with self.client.post(url, json=fields, headers=headers) as answer:
            if answer.status not in {200, 206}:
                return await Told.read(answer)
            async for piece in answer.content.iter_any():
                self.received += piece
            return Told(answer.status)


@dataclass(frozen=True, slots=True)
class Shared:
    """What a sender was given."""

    client: ClientSession
    url: str
    link: Link
    token: str = field(repr=False)

    @classmethod
    async def hand_in(cls, client: ClientSession, url: str, **fields: str) -> Shared:
        """Share a text, which must be taken."""
        told = await hand_in(client, url, fields)
        assert told.status == 201, told.problem
        return cls.of(client, url, told)

    @classmethod
    def of(cls, client: ClientSession, url: str, told: Told) -> Shared:
        return cls(client, url, Link.parse(told.more["link"]), told.more["revoke_token"])

    @property
    def id(self) -> SecretId:
        return self.link.id

    @property
    def key(self) -> Key:
        return self.link.key

    async def revoke(self, url: str = "") -> Told:
        at = f"{url or self.url}/s/{self.id}"
        async with self.client.delete(at, headers=self._proof) as answer:
            return await Told.read(answer)

    async def unlock(self) -> Told:
        at = f"{self.url}/s/{self.id}/unlock"
        async with self.client.post(at, headers=self._proof) as answer:
            return await Told.read(answer)

    @property
    def _proof(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def hand_in(
    client: ClientSession,
    url: str,
    content: dict[str, str] | bytes,
    headers: dict[str, str] | None = None,
) -> Told:
    """Send a text's form, or the bytes of a file."""
    data = BytesIO(content) if isinstance(content, bytes) else content
    async with client.post(f"{url}/upload", data=data, headers=headers) as answer:
        return await Told.read(answer)


async def until_told(
    call: Callable[[], Awaitable[Told]], *unsettled: str, limit: float = 60
) -> Told:
    """Ask again, as people do, until it is answered with something else than "try again"."""
    async with asyncio.timeout(limit):
        while True:
            try:
                told = await call()
            except (ClientError, ConnectionError, TimeoutError):
                told = Told(503)
            if not told.failed and told.problem not in unsettled:
                return told
            await asyncio.sleep(PAUSE)
