"""People who share and open all the time, and what became of each secret in the end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.contents import until
from tests.page import Page, Shared, hand_in, until_told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from tests.page import Told

AT_ONCE = 8
TEXT = "the code is 4711"


@dataclass(slots=True)
class Traffic:
    """Each shares, and every other time two pages open what was shared, at the same moment."""

    client: ClientSession
    url: str
    shared: list[tuple[Page, Page]] = field(default_factory=list)
    failed: list[Told] = field(default_factory=list)

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Have it go on beside the block."""
        async with asyncio.TaskGroup() as group:
            stopped = asyncio.Event()
            for _ in range(AT_ONCE):
                group.create_task(self._go_on(stopped))
            try:
                yield
            finally:
                stopped.set()

    async def _go_on(self, stopped: asyncio.Event) -> None:
        while not stopped.is_set():
            told = await hand_in(self.client, self.url, {"text": TEXT})
            if told.status != 201:
                self.failed.append(told)
                await asyncio.sleep(0.05)
                continue
            link = Shared.of(self.client, self.url, told).link
            pages = Page(self.client, self.url, link), Page(self.client, self.url, link)
            self.shared.append(pages)
            if len(self.shared) % 2:
                answers = await asyncio.gather(*(page.download() for page in pages))
                self.failed += [one for one in answers if one.status not in {200, 409, 410}]

    async def more(self, count: int) -> None:
        """Wait until so many more were shared."""
        wanted = len(self.shared) + count
        await until(lambda: len(self.shared) >= wanted)

    async def more_failed(self, count: int) -> None:
        """Wait until so many more could not be served."""
        wanted = len(self.failed) + count
        await until(lambda: len(self.failed) >= wanted)

    def see_failures_told(self) -> None:
        """See that whoever could not be served was told to come back soon, and nothing else."""
        for one in self.failed:
            assert (one.status, one.problem) == (503, "unavailable"), one
            assert one.more["retry_after"] > 0

    async def see_each_opened_once(self) -> None:
        """See that all that was acknowledged opens, for one of two who ask until they know.

        Whoever finds it taken asks again: the other one may have to leave it to them.
        """
        for pages in self.shared:
            told = await asyncio.gather(*(until_told(page.download, "taken") for page in pages))
            received = [bytes(page.received) for page in pages if page.received]
            assert received == [TEXT.encode()], told
