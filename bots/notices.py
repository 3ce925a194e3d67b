"""The loop that turns receipts into messages: each is told at least once, by whichever replica."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from core.background import Unbroken, beside
from core.errors import Corrupt, Unavailable
from core.language import language_of, speaking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bots.share import Share
    from core.receipts import Receipt
    from core.secret import SenderRef

    Tell = Callable[[Receipt, SenderRef], Awaitable[None]]

log = structlog.get_logger()

PAUSE = 2.0  # seconds until a Redis that does not answer is asked again


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
        self._tell = tell
        self._unbroken = Unbroken()
        self._reader = f"{os.getpid()}-{secrets.token_hex(4)}"

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Tell whatever comes while the block runs; what is being told then is told to the end."""
        try:
            async with beside(self._run()):
                yield
        finally:
            await self._unbroken.aclose()

    async def _run(self) -> None:
        while True:
            try:
                await self._receipts.join(self._door)
                while True:
                    told = await self._receipts.take(self._door, self._reader)
                    # A stop between the message and its note would have it told twice.
                    handling = (self._unbroken.see_through(self._handle(*one)) for one in told)
                    await asyncio.gather(*handling)
            except Unavailable:
                log.warning("notices wait", door=self._door)
                await asyncio.sleep(PAUSE)

    async def _handle(self, entry: str, receipt: Receipt) -> None:
        try:
            ref = self._ref(receipt)
            if ref is not None and not await self._receipts.was_told(receipt):
                try:
                    with speaking(language_of(ref.language)):
                        await self._tell(receipt, ref)
                except Unreachable:
                    log.info("notice dropped", door=self._door, kind=receipt.event.value)
                await self._receipts.note_told(receipt)
            await self._receipts.acknowledge(self._door, entry)
        except Exception as error:  # noqa: BLE001 - one that can't be told now holds up no other
            log.warning("notice failed", door=self._door, error=type(error).__name__)

    def _ref(self, receipt: Receipt) -> SenderRef | None:
        """Find where the sender is told, where that is through this door."""
        if not receipt.ref:
            return None
        try:
            ref = self._open_ref(receipt.secret_id.raw, receipt.ref)
        except Corrupt:
            return None
        return ref if ref.door == self._door else None
