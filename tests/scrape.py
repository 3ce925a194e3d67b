"""Asks as Prometheus does, and reads as it reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from aiohttp import ClientSession


class Scrape:
    """Asks a metrics port."""

    def __init__(self, client: ClientSession, port: int) -> None:
        self._client = client
        self.port = port
        self._url = f"http://127.0.0.1:{port}/metrics"
        self.text = ""

    async def __call__(self, name: str, **labels: str) -> float | None:
        """Ask anew for one figure."""
        async with self._client.get(self._url) as answer:
            assert answer.status == 200
            self.text = await answer.text()
        return self.last(name, **labels)

    async def becomes(self, wanted: float, name: str, **labels: str) -> None:
        """Ask until the figure is what it should become."""
        async with asyncio.timeout(20):
            while await self(name, **labels) != wanted:
                await asyncio.sleep(0.05)

    def last(self, name: str, **labels: str) -> float | None:
        """Read a figure of the last answer."""
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                if sample.name == f"onetimeshare_{name}" and sample.labels == labels:
                    return sample.value
        return None
