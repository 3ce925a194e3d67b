"""People who share and open through a balancer, and note everything that goes wrong."""

from __future__ import annotations

import asyncio
import itertools
from random import Random
from typing import TYPE_CHECKING

from aiohttp import ClientSession, TCPConnector

from tests.page import Page, Shared, Told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SMALL, LARGE = (1, 1000, 100_000), 4_000_000  # bytes
PIECE, PACE = 64 * 1024, 0.04  # seconds for a piece: a large upload outlasts a stop's delay
addresses = itertools.count(1)


def somewhere() -> dict[str, str]:
    """Come from an address that nobody came from before."""
    number = next(addresses)
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


class Load:
    """Everybody counts what went well; the first thing that does not ends it all."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.enough = asyncio.Event()
        self.shared = self.opened = 0

    async def work(self, seed: int, *, large: bool) -> None:
        """Share and open until it is enough, over one connection, as long as it is kept."""
        random = Random(seed)  # noqa: S311 - contents, not keys
        connector = TCPConnector(limit=1)
        headers = {"Accept": "application/json"}
        async with ClientSession(connector=connector, headers=headers) as client:
            while not self.enough.is_set():
                content = random.randbytes(LARGE if large else random.choice(SMALL))
                page = Page(client, self._url, (await self._share(client, content)).link)
                self.shared += 1
                if random.random() < 0.5:
                    await self._by_page(page)
                else:
                    _went_well(await page.download(), 200)
                assert page.received == content
                self.opened += 1

    async def _share(self, client: ClientSession, content: bytes) -> Shared:
        headers = {"OTS-Name": "x.bin", "Content-Length": str(len(content)), **somewhere()}
        sent = client.post(f"{self._url}/upload", data=_slowly(content), headers=headers)
        async with sent as answer:
            told = await Told.read(answer)
        _went_well(told, 201)
        return Shared.of(client, self._url, told)

    async def _by_page(self, page: Page) -> None:
        _went_well(await page.peek(), 200)
        _went_well(await page.open(), 200)
        _went_well(await page.data(), 200)
        _went_well(await page.done(), 204)


def _went_well(told: Told, status: int) -> None:
    assert told.status == status, told


async def _slowly(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]
        await asyncio.sleep(PACE)
