"""The step with no way back: the latch decides who receives a secret, and the record follows it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from core import keys
from core.background import beside
from core.blobs import REVOKED
from core.errors import Gone, NotFound, OneTimeShareError
from core.secret import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.blobs import Blobs
    from core.delivery import Delivery
    from core.keys import Ticket
    from core.link import Claim, SecretId
    from core.records import Records
    from core.secret import Metadata

WINDOW = 15 * 60 * 1000  # ms; record.lua says the same
TOUCH = 60.0  # seconds between two notes that bytes are still going out


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Handout:
    """Latch and record, kept in step."""

    def __init__(self, records: Records, blobs: Blobs) -> None:
        self._records = records
        self._blobs = blobs

    async def release(
        self, secret_id: SecretId, claim: Claim, rights: Ticket, resume: bytes
    ) -> Metadata:
        """Win the latch for this claim, or learn that it did before, and release the record.

        Raises:
            Gone: somebody else holds the latch, or the secret's life is over.
        """
        holder = await self._blobs.latch(secret_id, rights.limit_ms, claim.holder)
        if holder != claim.holder:
            await self.follow(secret_id, holder)
        # First, so that the sweeper ends the window even if this is our last step.
        await self._records.look_again(secret_id, now_ms() + WINDOW)
        salt, meta = await self._records.release(secret_id, claim.holder, resume)
        return keys.open_metadata(rights.file_key, salt, secret_id.raw, meta)

    async def heed_latch(self, secret_id: SecretId, limit: int, claim: Claim) -> None:
        """Notice an opening that a rolled-back Redis forgot, before anything is promised."""
        holder = await self._blobs.holder(secret_id, limit)
        if holder is not None and holder != claim.holder:
            await self.follow(secret_id, holder)

    async def follow(self, secret_id: SecretId, holder: str) -> NoReturn:
        """Let the record follow the latch, which knows better who had it.

        Raises:
            Gone: always.
        """
        if holder == REVOKED:
            await self._records.revoke(secret_id)
            raise Gone(State.REVOKED)
        await self._records.look_again(secret_id, now_ms() + WINDOW)
        await self._records.release(secret_id, holder)
        raise Gone(State.OPENED)

    async def say_why(self, secret_id: SecretId) -> None:
        """Turn missing bytes into the reason, where the record knows one."""
        settled = await self._records.settle(secret_id)
        if settled is None:
            raise NotFound from None
        if settled.state is State.BURNED:
            raise Gone(State.OPENED) from None
        if settled.state in {State.EXPIRED, State.REVOKED}:
            raise Gone(settled.state) from None

    @asynccontextmanager
    async def noting(
        self, secret_id: SecretId, claim: Claim, delivery: Delivery
    ) -> AsyncIterator[None]:
        """Note in the record how far the bytes went: every minute, and at the end."""

        async def note() -> None:
            with suppress(OneTimeShareError):  # the bytes matter more than the note
                sent, complete = delivery.sent, delivery.complete
                await self._records.touch(secret_id, claim.holder, sent, complete=complete)

        async def keep_noting() -> None:
            while True:
                await asyncio.sleep(TOUCH)
                await note()

        try:
            async with beside(keep_noting()):
                yield
        finally:
            await asyncio.shield(note())
