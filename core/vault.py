"""The life of a secret, whole: seal · peek · open · data · done, and the sender's revoke.

    ready ── open (claim) ──▶ claimed ── data (latch, release) ──▶ opened ── done ──▶ burned

A claim is reversible: its lease runs out after a minute. The latch is not: it is a durable fact
in the blob store that says who opened the secret, so that not even a Redis that lost its latest
moments hands it out again. No byte of plaintext leaves before the latch is won.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from core import keys
from core.admission import Admission
from core.batches import Batches
from core.blobs.kept import KeptBlob
from core.clock import now_ms
from core.control import Control
from core.delivery import Delivery
from core.draft import Draft
from core.errors import Corrupt, EmptyText, Gone, RateLimited, StorageFull, Unavailable
from core.evaluation import Evaluation
from core.handout import Handout
from core.link import Link, encode
from core.policy import check_password, clean_name
from core.quantities import milliseconds
from core.secret import Kind, Metadata, Opened, Sealed
from core.statistics import BYTES_IN, BYTES_OUT, SEALED

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from core.admission import Admitted
    from core.blobs import Blob, Blobs
    from core.clock import Clock
    from core.keys import ServerKey, Ticket
    from core.link import Claim, Key, SecretId
    from core.passwords import Passwords
    from core.permit import Permit
    from core.policy import Policy
    from core.records import Records
    from core.secret import Glance, Progress, Sender, SenderRef
    from core.statistics import Statistics


class Vault:
    """The one owner of every secret. What its sender may do afterwards is in `control`."""

    def __init__(  # noqa: PLR0913 - its parts
        self,
        *,
        records: Records,
        blobs: Blobs,
        server_key: ServerKey,
        passwords: Passwords,
        policy: Policy,
        statistics: Statistics,
        clock: Clock = now_ms,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self.server_key = server_key
        self._passwords = passwords
        self._clock = clock
        self._batches = Batches()
        self._handout = Handout(records, blobs)
        evaluation = Evaluation(records, passwords, statistics)
        self._admission = Admission(records, evaluation)
        self.control = Control(
            records=records,
            blobs=blobs,
            handout=self._handout,
            evaluation=evaluation,
            passwords=passwords,
            server_key=server_key,
            policy=lambda: self.policy,
            clock=clock,
        )
        self._statistics = statistics
        self.policy = policy

    # ── in ──────────────────────────────────────────────────────────────────────────────────

    async def seal(  # noqa: PLR0913 - what a sender can say about a secret
        self,
        content: AsyncIterable[bytes],
        *,
        kind: Kind,
        name: str | None = None,
        holds: Sequence[str] = (),
        media_type: str | None = None,
        size: int | None = None,
        lifetime: timedelta | None = None,
        password: str | None = None,
        owner: bytes = b"",
        ref: SenderRef | None = None,
        secret_id: SecretId | None = None,
    ) -> Sealed:
        """Take a secret in: everything is refused before a byte is read, where it can be.

        Raises:
            BadInput: one of its kinds; nothing is kept.
            SourceFailed: from `content`; nothing is kept.
            Busy, StorageFull, Unavailable: nothing is kept.
        """
        self.policy.lifetime(lifetime)
        check_password(password or "")
        async with self.draft(
            content, kind=kind, name=name, holds=holds, size=size, secret_id=secret_id
        ) as draft:
            return await self.commit(
                draft,
                name=name,
                media_type=media_type,
                lifetime=lifetime,
                password=password,
                owner=owner,
                ref=ref,
            )

    @asynccontextmanager
    async def draft(  # noqa: PLR0913 - what can be refused beforehand
        self,
        content: AsyncIterable[bytes],
        *,
        kind: Kind,
        name: str | None = None,
        holds: Sequence[str] = (),
        size: int | None = None,
        secret_id: SecretId | None = None,
    ) -> AsyncIterator[Draft]:
        """Seal the bytes; in the block they are durable, and after it gone unless committed.

        `holds` are the files in a zip of ours: their names count then, instead of its own.
        """
        self.policy.check_size(size)
        if kind is Kind.FILE:
            for one in holds or [name or ""]:
                self.policy.check_name(one)
        draft = Draft(kind, self._clock() + milliseconds(self.policy.max_lifetime), secret_id)
        await draft.take(self.policy.counted(content), self._blobs, self._batches)
        try:
            if kind is Kind.TEXT and draft.size == 0:
                raise EmptyText
            yield draft
        finally:
            if not draft.committed and not draft.unknown:
                await asyncio.shield(self._drop(draft))

    def again(self, draft: Draft) -> AsyncIterator[bytes]:
        """Read back what a draft took: it may turn out to be the first of several."""
        return draft.again(self._blobs)

    async def _drop(self, draft: Draft) -> None:
        """Leave nothing of a draft, not even of one whose record was being written."""
        with suppress(Unavailable):
            if draft.tried:
                await self.control.abandon(draft.id, draft.proof)
            if draft.blob is None:
                await self._blobs.shred(draft.id, draft.limit)

    async def commit(  # noqa: PLR0913 - what a sender can say about a secret
        self,
        draft: Draft,
        *,
        name: str | None = None,
        media_type: str | None = None,
        lifetime: timedelta | None = None,
        password: str | None = None,
        owner: bytes = b"",
        ref: SenderRef | None = None,
    ) -> Sealed:
        """Write the record: from here on the secret exists.

        Raises:
            RateLimited: from the draft's permit; nothing is kept.
            StorageFull: Redis is full; nothing is kept.
            Unavailable: it does not answer; whether the secret exists is the sweeper's to find out.
        """
        granted = milliseconds(self.policy.lifetime(lifetime))
        check_password(password or "")
        protection = await self._passwords.protect(password)
        fresh = draft.record(
            Metadata(clean_name(name), media_type or "", draft.size, draft.kind),
            protection,
            due=self._clock() + granted,
            owner=owner,
            ref=b"" if ref is None else self.server_key.seal_ref(draft.id.raw, ref),
        )
        draft.tried = True
        try:
            expires_at = await self._records.create(draft.id, fresh, granted, draft.permit)
        except (StorageFull, RateLimited):  # nothing was written, or by a try whose reply was lost
            draft.tried = await self._records.has(draft.id)
            raise
        except Unavailable:
            draft.unknown = True
            raise
        draft.committed = True
        self._statistics.count(SEALED + ("web" if ref is None else ref.door))
        self._statistics.count_bytes(BYTES_IN, draft.size)
        return Sealed(Link(draft.id, draft.key), expires_at, draft.size, encode(draft.token))

    # ── out ─────────────────────────────────────────────────────────────────────────────────

    async def peek(self, secret_id: SecretId, key: Key) -> Glance:
        """Tell whoever holds the key what is there. Changes nothing.

        Raises:
            NotFound: no such secret, or another key.
        """
        return await self._records.peek(secret_id, keys.verifier(secret_id.raw, key.raw))

    async def open(
        self,
        secret_id: SecretId,
        key: Key,
        claim: Claim,
        password: str | None = None,
        *,
        permit: Permit | None = None,
    ) -> Opened:
        """Claim the secret for one recipient and say what it is. Reversible.

        Raises:
            RateLimited: from the permit, which counts in the step that claims; nothing happened.
            NotFound, Gone, Taken, Locked: it can't be had, and why.
            PasswordRequired: no attempt was used up.
            WrongPassword: one attempt was.
            Busy: too many passwords are being checked; no attempt was used up.
        """
        admitted = await self._admit(secret_id, key, claim, password, permit)
        async with self._admission.claimed(secret_id, claim):
            await self._handout.heed_latch(secret_id, admitted.rights.limit_ms, claim)
        return Opened(admitted.metadata, self._ticket(secret_id, claim, admitted))

    async def _admit(
        self,
        secret_id: SecretId,
        key: Key,
        claim: Claim,
        password: str | None,
        permit: Permit | None,
    ) -> Admitted:
        check_password(password or "")
        try:
            return await self._admission.admit(secret_id, key, claim, password, permit)
        except Gone as gone:
            if not await self._handout.forgotten(secret_id, gone):
                raise
            return await self._admission.admit(secret_id, key, claim, password)

    def _ticket(self, secret_id: SecretId, claim: Claim, admitted: Admitted) -> str:
        return self.server_key.seal_ticket(secret_id.raw, claim.digest, admitted.rights)

    @asynccontextmanager
    async def data(
        self,
        secret_id: SecretId,
        claim: Claim,
        ticket: str,
        *,
        start: int = 0,
        stop: int | None = None,
    ) -> AsyncIterator[Delivery]:
        """Hand the bytes out, from `start` on; the first time decides who receives them.

        Raises:
            NotFound: the ticket is not for this secret and claim.
            Changed: the password is another one now.
            Gone: somebody else received it, or the window is over.
            OutOfRange, Corrupt: nothing was decided.
        """
        rights = self.server_key.open_ticket(secret_id.raw, claim.digest, ticket)
        kept = await self._handout.check(secret_id, claim, rights)
        async with self._deliver(secret_id, claim, rights, kept, (start, stop)) as delivery:
            yield delivery

    @asynccontextmanager
    async def take(  # noqa: PLR0913 - which secret, whose right, which part
        self,
        secret_id: SecretId,
        key: Key,
        claim: Claim,
        password: str | None = None,
        *,
        start: int = 0,
        stop: int | None = None,
        once: bool = False,
        there: Callable[[], object] = bool,
        permit: Permit | None = None,
    ) -> AsyncIterator[tuple[Delivery, str | None]]:
        """Open and hand out in one go: the delivery, and a ticket for `data`.

        The same call may be repeated with the same claim while the window runs: the file key is
        left in the record, sealed for whoever has both key and claim. With `once` there is no
        ticket, and a block that ends well after the last byte needs no `done`. `there` is asked
        just before it is decided, and raises ConnectionError where nobody waits any more.

        Raises:
            As `open` and `data` do, and what `there` raises: nothing was decided.
        """
        admitted = await self._admit(secret_id, key, claim, password, permit)
        rights = admitted.rights

        def resume() -> bytes:
            return keys.seal_resume(rights.file_key, secret_id.raw, key.raw, claim.raw)

        async with AsyncExitStack() as stack:
            async with self._admission.claimed(secret_id, claim):
                delivery = await stack.enter_async_context(
                    self._deliver(
                        *(secret_id, claim, rights, admitted.blob, (start, stop)),
                        metadata=admitted.metadata,
                        resume=resume,
                        burn=once,
                        there=there,
                    )
                )
            yield delivery, None if once else self._ticket(secret_id, claim, admitted)

    @asynccontextmanager
    async def _deliver(  # noqa: PLR0913 - which secret, whose right, which part
        self,
        secret_id: SecretId,
        claim: Claim,
        rights: Ticket,
        kept: bytes | None,
        part: tuple[int, int | None],
        *,
        metadata: Metadata | None = None,
        resume: Callable[[], bytes] = bytes,
        burn: bool = False,
        there: Callable[[], object] = bool,
    ) -> AsyncIterator[Delivery]:
        """Verify the first bytes, win the latch, release: in this order, before a byte leaves.

        What is burned right after its only piece needs no release: the latch has decided.
        """
        try:
            async with self._blob(secret_id, rights, kept) as blob:
                delivery = await Delivery.begin(blob, rights, self._batches, *part)
                there()
                await self._handout.latch(secret_id, claim, rights)
                if burn and delivery.short and metadata is not None:
                    handing = self._handout.at_once(secret_id, claim, rights, delivery, resume)
                else:
                    salt, meta = await self._records.release(secret_id, claim.holder, resume())
                    metadata = metadata or keys.open_metadata(
                        rights.file_key, salt, secret_id.raw, meta
                    )
                    handing = self._handout.noting(secret_id, claim, delivery, burn=burn)
                delivery.metadata = metadata
                try:
                    async with handing:
                        yield delivery
                finally:
                    self._statistics.count_bytes(BYTES_OUT, delivery.sent - delivery.start)
        except Corrupt:
            await self._handout.say_why(secret_id, rights.limit_ms, claim)
            raise

    def _blob(
        self, secret_id: SecretId, rights: Ticket, kept: bytes | None
    ) -> AbstractAsyncContextManager[Blob]:
        if kept is not None:
            return nullcontext(KeptBlob(kept))
        return self._stored(secret_id, rights.limit_ms)

    @asynccontextmanager
    async def _stored(self, secret_id: SecretId, limit: int) -> AsyncIterator[Blob]:
        with self._batches.transfer():
            async with self._blobs.open(secret_id, limit) as blob:
                yield blob

    async def progress(self, secret_id: SecretId, claim: Claim) -> Progress:
        """Tell the claimant's page how far its download is.

        Raises:
            NotFound: this claim has no part in it.
        """
        return await self._records.progress(secret_id, claim.holder)

    async def done(self, secret_id: SecretId, claim: Claim) -> None:
        """Burn what the recipient has received.

        Raises:
            NotFound: this claim never opened it.
        """
        await self._handout.burn(secret_id, claim)

    # ── whose it is ─────────────────────────────────────────────────────────────────────────

    def owner(self, sender: Sender) -> bytes:
        """Mark a sender's own secrets: a keyed hash, which is also the proof to revoke them."""
        return self.server_key.owner(sender.door, sender.user)

    async def aclose(self) -> None:
        """Wait for evaluations that outlived their recipients' connections."""
        await self._admission.aclose()
        await self.control.aclose()
