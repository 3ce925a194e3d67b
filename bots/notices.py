"""The loop that turns receipts into messages: each is told at least once, by whichever replica."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from bots.reading import Reading
from core.errors import Corrupt, Unavailable
from core.language import language_of, speaking
from core.receipts import Telling

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from bots.share import Share
    from core.receipts import Receipt
    from core.secret import SenderRef

    Tell = Callable[[Receipt, SenderRef], Awaitable[None]]

log = structlog.get_logger()


class Unreachable(Exception):
    """The sender can't be told any more: they blocked the bot, or the chat is gone."""


class Notices:
    """Tells the senders of one door what happened to their secrets."""

    def __init__(self, share: Share, door: str, tell: Tell) -> None:
        """Take the door's own way to tell.

        It may fail: then the receipt is told again later, here or by another replica. With
        `Unreachable` it is dropped.
        """
        self._receipts = share.receipts
        self._open_ref = share.vault.server_key.open_ref
        self._door = door
        self._count = share.metrics.receipts
        self._tell = tell
        self._reading = Reading(share.receipts, door, self._handle)

    def telling(self) -> AbstractAsyncContextManager[None]:
        """Tell whatever comes while the block runs; what is being told then is told to the end."""
        return self._reading.under_way()

    async def _handle(self, entry: str, receipt: Receipt) -> None:
        try:
            ref = self._ref(receipt)
            if ref is None or await self._told(receipt, ref):
                await self._receipts.acknowledge(self._door, entry)
        except Exception as error:  # noqa: BLE001 - one that can't be told now holds up no other
            log.warning("notice failed", door=self._door, error=type(error).__name__)
            self._count.labels(self._door, "failed").inc()

    async def _told(self, receipt: Receipt, ref: SenderRef) -> bool:
        """Tell it unless it was told; False while somebody else is at it."""
        standing = await self._receipts.take_up(receipt)
        if standing is Telling.OURS:
            try:
                await self._tell_or_drop(receipt, ref)
            except BaseException:
                with suppress(Unavailable):
                    await self._receipts.put_down(receipt)
                raise
            await self._receipts.note_told(receipt)
        return standing is not Telling.OTHERS

    async def _tell_or_drop(self, receipt: Receipt, ref: SenderRef) -> None:
        try:
            with speaking(language_of(ref.language)):
                await self._tell(receipt, ref)
            self._count.labels(self._door, "told").inc()
        except Unreachable:
            log.info("notice dropped", door=self._door, kind=receipt.event.value)
            self._count.labels(self._door, "dropped").inc()

    def _ref(self, receipt: Receipt) -> SenderRef | None:
        """Find where the sender is told, where that is through this door."""
        if not receipt.ref:
            return None
        try:
            ref = self._open_ref(receipt.secret_id.raw, receipt.ref)
        except Corrupt:
            return None
        return ref if ref.door == self._door else None
