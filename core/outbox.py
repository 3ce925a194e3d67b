"""What is left to do after a transition, soon and for many secrets at once.

A transition leaves its receipts in the record's own outbox, in the same step. Here they are
published, then taken out of it; and a secret that is over leaves the sweeper's index. Whatever is
not done here, as the process dies or Redis is away, the sweeper finds by that index.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.errors import Unavailable
from core.receipts import Receipt, Receipts, Waiting
from core.record import index_key, record_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.link import SecretId
    from core.redis_pipe import Call
    from core.scripts import Scripts
    from core.statistics import Statistics

log = structlog.get_logger()

GATHER = 0.2  # seconds in which more may come in, to be done together
PAUSE = 1.0  # seconds until what failed is tried again
MOST = 10_000  # secrets that are kept in memory for that


class Outbox:
    """Receipts to publish, and secrets that are over."""

    def __init__(
        self,
        scripts: Scripts,
        receipts: Receipts,
        statistics: Statistics,
        *,
        counted: Callable[[Receipt], None] = lambda _: None,
    ) -> None:
        """Take where they go, and `counted`, which is told of each that this process published."""
        self._run = scripts
        self._receipts = receipts
        self._statistics = statistics
        self._counted = counted
        self._waiting: dict[SecretId, Waiting] = {}
        self._over: set[SecretId] = set()
        self._something = asyncio.Event()
        self._flushing = asyncio.Lock()

    def add(self, secret_id: SecretId, waiting: Waiting) -> None:
        """Publish what a record's outbox holds; what a newer server left there is left to it."""
        if waiting.readable:
            self._waiting[secret_id] = waiting
            self._something.set()

    def over(self, secret_id: SecretId) -> None:
        """Take a secret out of the index: its bytes are gone, and nothing will happen to it."""
        self._over.add(secret_id)
        self._something.set()

    async def run(self) -> None:
        """Do what comes in, until cancelled."""
        while True:
            await self._something.wait()
            try:
                await self.flush()
                await asyncio.sleep(GATHER)
            except Exception as error:  # noqa: BLE001 - one bad moment must not be the last
                log.warning("receipts wait", secrets=len(self._waiting), error=type(error).__name__)
                await asyncio.sleep(PAUSE)

    async def flush(self) -> None:
        """Do now what came in.

        Raises:
            Unavailable: Redis does not answer; the next flush does it, or the sweeper.
        """
        async with self._flushing:
            self._something.clear()
            waiting, self._waiting = self._waiting, {}
            over, self._over = self._over, set()
            try:
                await self._receipts.publish(
                    [
                        receipt
                        for secret_id, box in waiting.items()
                        for receipt in Receipt.waiting(secret_id, box)
                    ]
                )
                await self._clear(waiting, over)
            except (Unavailable, asyncio.CancelledError):  # the last flush comes after an end
                self._keep(waiting, over)
                raise

    def _keep(self, waiting: dict[SecretId, Waiting], over: set[SecretId]) -> None:
        """Keep what could not be done for the next time; too much of it is the sweeper's."""
        if len(self._waiting) + len(waiting) + len(over) <= MOST:
            self._waiting = waiting | self._waiting
            self._over |= over
        self._something.set()

    async def _clear(self, published: dict[SecretId, Waiting], over: set[SecretId]) -> None:
        cleared = list(published.keys() | over)
        boxes = {one: box.outbox for one, box in published.items()}
        answers = await self._run.together(
            *(("published", record_key(one), boxes.get(one, b"")) for one in cleared)
        )
        finished = [
            one
            for one, ((nothing_left, _), *_) in zip(cleared, answers, strict=True)
            if nothing_left and one in over
        ]
        for one, ((_, taken), *rest) in zip(cleared, answers, strict=True):
            if taken and one in published:
                for receipt in Receipt.waiting(one, published[one]):
                    self._statistics.count(receipt.event, at=receipt.at)
                    self._counted(receipt)
            for box in rest:  # came while this was on its way
                self.add(one, Waiting(*box))
        shards: dict[str, list[bytes]] = {}
        for one in finished:
            shards.setdefault(index_key(one), []).append(one.raw)
        removals: list[Call] = [("ZREM", shard, *raw) for shard, raw in shards.items()]
        await self._run.together(*removals)
