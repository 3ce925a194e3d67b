"""The step with no way back: the latch decides who receives a secret, and the record follows it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from core.background import beside
from core.blobs import EXPIRED, REVOKED
from core.errors import (
    Changed,
    Gone,
    NotFound,
    OneTimeShareError,
    StorageFull,
    Unavailable,
)
from core.secret import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from core.blobs import Blobs
    from core.delivery import Delivery
    from core.keys import Ticket
    from core.link import Claim, SecretId
    from core.records import Records

TOUCH = 60.0  # seconds between two notes that bytes are still going out


class Handout:
    """Latch and record, kept in step."""

    def __init__(self, records: Records, blobs: Blobs) -> None:
        self._records = records
        self._blobs = blobs

    async def check(self, secret_id: SecretId, claim: Claim, rights: Ticket) -> bytes | None:
        """Refuse a ticket from before the password was changed, unless the latch is this claim's.

        Answers the blob, where the record keeps it.

        Raises:
            Changed: open it again.
            NotFound, Gone: its life is over.
        """
        try:
            return await self._records.check(secret_id, claim.holder, rights.revision)
        except Gone as gone:
            if not await self.forgotten(secret_id, gone):
                raise
            return await self._records.check(secret_id, claim.holder, rights.revision)
        except Changed:
            if await self._blobs.holder(secret_id, rights.limit_ms) != claim.holder:
                raise
            # A Redis that fell back, perhaps: the latch is right, so let the record follow it.
            await self._records.release(secret_id, claim.holder)
            return await self._records.check(secret_id, claim.holder, rights.revision)

    async def latch(self, secret_id: SecretId, claim: Claim, rights: Ticket) -> None:
        """Win the latch for this claim, or learn that it did before.

        Raises:
            Gone: somebody else holds it.
        """
        holder = await self.win(secret_id, rights.limit_ms, claim.holder)
        if holder != claim.holder:
            await self.follow(secret_id, holder)

    async def win(self, secret_id: SecretId, limit: int, claim: str) -> str:
        """Take the latch for somebody who waits; say who holds it now.

        Raises:
            Unavailable: also where the disk has no room for it, as nothing is decided then.
        """
        try:
            return await self._latch(secret_id, limit, claim)
        except StorageFull as full:
            raise Unavailable from full

    async def _latch(self, secret_id: SecretId, limit: int, claim: str) -> str:
        try:
            return await self._blobs.latch(secret_id, limit, claim)
        except Unavailable:  # it may be ours all the same: taking it again tells
            return await self._blobs.latch(secret_id, limit, claim)

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
        if holder == EXPIRED:
            await self._records.expire(secret_id)
            raise Gone(State.EXPIRED)
        await self._records.follow(secret_id, holder)
        raise Gone(State.OPENED)

    async def expire(self, secret_id: SecretId, limit: int) -> State:
        """End a secret whose time is over, unless the latch says that somebody has it."""
        try:
            holder = await self._latch(secret_id, limit, EXPIRED)
        except StorageFull:  # not even a latch fits: what nobody may receive any more makes room
            if await self._blobs.holder(secret_id, limit) is None:
                await self._blobs.shred(secret_id, limit)
            holder = await self._latch(secret_id, limit, EXPIRED)
        try:
            await self.follow(secret_id, holder)
        except Gone as gone:
            return State(gone.state)

    async def forgotten(self, secret_id: SecretId, gone: Gone) -> bool:
        """Ask the latch before a claimant hears that a secret expired: did Redis forget more?"""
        if gone.state != State.EXPIRED:
            return False
        settled = await self._records.settle(secret_id)
        if settled is None or not settled.asks:
            return False
        return await self.expire(secret_id, settled.limit) is State.OPENED

    async def say_why(self, secret_id: SecretId, limit: int, claim: Claim) -> None:
        """Turn missing bytes into the reason, where latch or record know one."""
        await self.heed_latch(secret_id, limit, claim)
        settled = await self._records.settle(secret_id)
        if settled is None:
            raise NotFound from None
        if settled.state is State.BURNED:
            raise Gone(State.OPENED) from None
        if settled.state in {State.EXPIRED, State.REVOKED}:
            raise Gone(settled.state) from None

    async def burn(self, secret_id: SecretId, claim: Claim) -> None:
        """Burn what the recipient has received.

        Raises:
            NotFound: this claim never opened it.
        """
        limit, stored = await self._records.done(secret_id, claim.holder)
        if stored:
            await self._blobs.shred(secret_id, limit)
        self._records.over(secret_id)

    @asynccontextmanager
    async def at_once(
        self,
        secret_id: SecretId,
        claim: Claim,
        rights: Ticket,
        delivery: Delivery,
        resume: Callable[[], bytes],
    ) -> AsyncIterator[None]:
        """Burn after a block that hands all of it out in one piece: one step instead of three.

        Where the block fails, its window opens then.
        """
        try:
            yield
        except BaseException:
            await asyncio.shield(self._open_window(secret_id, claim, delivery, resume))
            raise
        await asyncio.shield(self._burn_now(secret_id, claim, rights))

    async def _burn_now(self, secret_id: SecretId, claim: Claim, rights: Ticket) -> None:
        if await self._records.burn(secret_id, claim.holder):
            await self._blobs.shred(secret_id, rights.limit_ms)
        self._records.over(secret_id)

    async def _open_window(
        self, secret_id: SecretId, claim: Claim, delivery: Delivery, resume: Callable[[], bytes]
    ) -> None:
        with suppress(OneTimeShareError):
            await self._records.release(secret_id, claim.holder, resume())
        await self._note(secret_id, claim, delivery)

    @asynccontextmanager
    async def noting(
        self, secret_id: SecretId, claim: Claim, delivery: Delivery, *, burn: bool
    ) -> AsyncIterator[None]:
        """Note in the record how far the bytes went: every minute, and at the end.

        With `burn`, a block that ends well with the last byte handed out is the end of the secret.
        """
        burned = False
        try:
            keeping = self._keep_noting(secret_id, claim, delivery)
            async with beside(keeping):
                yield
            if burn and delivery.complete:
                await asyncio.shield(self.burn(secret_id, claim))
                burned = True
        finally:
            if not burned:
                await asyncio.shield(self._note(secret_id, claim, delivery))

    async def _keep_noting(self, secret_id: SecretId, claim: Claim, delivery: Delivery) -> None:
        while True:
            await asyncio.sleep(TOUCH)
            await self._note(secret_id, claim, delivery)

    async def _note(self, secret_id: SecretId, claim: Claim, delivery: Delivery) -> None:
        with suppress(OneTimeShareError):  # the bytes matter more than the note
            # A recipient goes on after the last byte that came, in the middle of a piece.
            part, complete = (delivery.start, delivery.begun), delivery.complete
            await self._records.touch(secret_id, claim.holder, part, complete=complete)
