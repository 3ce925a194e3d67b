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
from core.blobs.kept import KeptBlob
from core.clock import now_ms
from core.control import Control
from core.delivery import Delivery
from core.draft import Draft, token_proof
from core.errors import Corrupt, EmptyText, Gone, NotFound, TooLate, Unavailable
from core.evaluation import Evaluation
from core.handout import Handout
from core.link import Link, encode
from core.policy import check_password, clean_name
from core.secret import Kind, Metadata, Opened, Sealed
from core.statistics import BYTES_IN, BYTES_OUT, SEALED

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime, timedelta

    from core.admission import Admitted
    from core.blobs import Blob, Blobs
    from core.clock import Clock
    from core.keys import ServerKey, Ticket
    from core.link import Claim, Key, SecretId
    from core.passwords import Passwords
    from core.policy import Policy
    from core.records import Records
    from core.secret import Glance, Progress, Sender, SenderRef, Status
    from core.statistics import Statistics


class Vault:
    """The one owner of every secret."""

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
        self._handout = Handout(records, blobs)
        evaluation = Evaluation(records, passwords, statistics)
        self._admission = Admission(records, evaluation)
        self._control = Control(records, blobs, self._handout, evaluation, passwords)
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
        await draft.take(self.policy.counted(content), self._blobs)
        try:
            if kind is Kind.TEXT and draft.size == 0:
                raise EmptyText
            yield draft
        finally:
            if not draft.committed and not draft.unknown:
                await asyncio.shield(self._drop(draft))

    async def _drop(self, draft: Draft) -> None:
        """Leave nothing of a draft, not even of one whose record was being written."""
        with suppress(Unavailable):
            if draft.tried:
                await self.abandon(draft.id, draft.proof)
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
        """Write the record: from here on the secret exists."""
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
            expires_at = await self._records.create(draft.id, fresh, granted)
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
        self, secret_id: SecretId, key: Key, claim: Claim, password: str | None = None
    ) -> Opened:
        """Claim the secret for one recipient and say what it is. Reversible.

        Raises:
            NotFound, Gone, Taken, Locked: it can't be had, and why.
            PasswordRequired: no attempt was used up.
            WrongPassword: one attempt was.
            Busy: too many passwords are being checked; no attempt was used up.
        """
        admitted = await self._admit(secret_id, key, claim, password)
        async with self._admission.claimed(secret_id, claim):
            await self._handout.heed_latch(secret_id, admitted.rights.limit_ms, claim)
        return Opened(admitted.metadata, self._ticket(secret_id, claim, admitted))

    async def _admit(
        self, secret_id: SecretId, key: Key, claim: Claim, password: str | None
    ) -> Admitted:
        check_password(password or "")
        try:
            return await self._admission.admit(secret_id, key, claim, password)
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
    ) -> AsyncIterator[tuple[Delivery, str | None]]:
        """Open and hand out in one go: the delivery, and a ticket for `data`.

        The same call may be repeated with the same claim while the window runs: the file key is
        left in the record, sealed for whoever has both key and claim. With `once` there is no
        ticket, and a block that ends well after the last byte needs no `done`.

        Raises:
            As `open` and `data` do.
        """
        admitted = await self._admit(secret_id, key, claim, password)
        rights = admitted.rights
        resume = keys.seal_resume(rights.file_key, secret_id.raw, key.raw, claim.raw)
        async with AsyncExitStack() as stack:
            async with self._admission.claimed(secret_id, claim):
                delivery = await stack.enter_async_context(
                    self._deliver(
                        *(secret_id, claim, rights, admitted.blob, (start, stop)),
                        metadata=admitted.metadata,
                        resume=resume,
                        burn=once,
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
        resume: bytes = b"",
        burn: bool = False,
    ) -> AsyncIterator[Delivery]:
        """Verify the first bytes, win the latch, release: in this order, before a byte leaves."""
        try:
            async with self._blob(secret_id, rights, kept) as blob:
                delivery = await Delivery.begin(blob, rights, *part)
                salt, meta = await self._handout.release(secret_id, claim, rights, resume)
                delivery.metadata = metadata or keys.open_metadata(
                    rights.file_key, salt, secret_id.raw, meta
                )
                try:
                    async with self._handout.noting(secret_id, claim, delivery, burn=burn):
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
        return self._blobs.open(secret_id, rights.limit_ms)

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

    # ── the sender ──────────────────────────────────────────────────────────────────────────

    def owner(self, sender: Sender) -> bytes:
        """Mark a sender's own secrets: a keyed hash, which is also the proof to revoke them."""
        return self.server_key.owner(sender.door, sender.user)

    async def status(self, secret_id: SecretId, proof: bytes) -> Status:
        """Let the sender see where a secret stands.

        Raises:
            NotFound: no such secret, or not this sender's.
        """
        return await self._records.inspect(secret_id, proof)

    async def secrets(self, owner: bytes) -> list[Status]:
        """List a sender's secrets, newest first; what ended is among them for a day."""
        return await self._records.of_owner(owner)

    async def forget(self, owner: bytes) -> int:
        """Revoke all that a sender has waiting, and drop the list; answer how many were revoked."""
        revoked = 0
        for status in await self.secrets(owner):
            if status.waiting:
                with suppress(NotFound, TooLate, Gone):
                    await self.revoke(status.id, owner)
                    revoked += 1
        await self._records.forget(owner)
        return revoked

    async def refer(self, secret_id: SecretId, proof: bytes, ref: SenderRef) -> None:
        """Note where the sender is told about this secret, now that it is known."""
        await self._records.refer(secret_id, proof, self.server_key.seal_ref(secret_id.raw, ref))

    @staticmethod
    def token_proof(token: bytes) -> bytes:
        """Turn a revoke token into the proof that the record knows."""
        return token_proof(token)

    async def revoke(self, secret_id: SecretId, proof: bytes) -> None:
        """Destroy a secret that nobody received; afterwards nobody ever will.

        Args:
            secret_id: which.
            proof: the owner's mark, or the SHA-256 of the revoke token.

        Raises:
            NotFound: no such secret, or not this sender's.
            TooLate: it was opened.
            Gone: it expired before.
        """
        await self._control.revoke(secret_id, proof)

    async def burn(self, secret_id: SecretId) -> None:
        """Destroy for the operator a secret that nobody received, as `revoke` does.

        Raises:
            NotFound: no such secret.
            TooLate, Gone: it was opened, or expired before.
        """
        await self._control.burn(secret_id)

    async def reschedule(self, secret_id: SecretId, proof: bytes, lifetime: timedelta) -> datetime:
        """Give an unopened secret another lifetime from now on; answer when it expires.

        It never lives longer than the longest lifetime, counted from its creation.

        Raises:
            BadLifetime: out of bounds.
            NotFound: no such secret, or not this sender's.
            Taken: somebody is about to open it.
            TooLate, Gone: it was opened, or is over.
        """
        granted = milliseconds(self.policy.lifetime(lifetime))
        return await self._control.reschedule(secret_id, proof, granted, self._clock() + granted)

    async def rewrap(
        self,
        secret_id: SecretId,
        key: Key,
        proof: bytes,
        *,
        password: str | None,
        old_password: str | None = None,
    ) -> None:
        """Set, change or remove (None) the password of an unopened secret; its link stays.

        Raises:
            NotFound: no such secret, another key, or not this sender's.
            PasswordRequired, WrongPassword, Locked, Busy: about the old password.
            Taken: somebody is about to open it.
            Changed: another change came first.
            TooLate, Gone: it was opened, or is over.
        """
        for given in (password, old_password):
            check_password(given or "")
        await self._control.rewrap(secret_id, key, proof, password, old_password)

    async def unlock(self, secret_id: SecretId, proof: bytes) -> None:
        """Give back the attempts and the claims that came to nothing, three times at most.

        Raises:
            NotFound: no such secret, or not this sender's.
            Gone: it is over.
            UnlockedTooOften: somebody with the link goes on guessing; share it anew.
        """
        await self._records.unlock(secret_id, proof)

    async def abandon(self, secret_id: SecretId, proof: bytes) -> bool:
        """Make sure that a secret whose link nobody needs never exists, or no longer does.

        Tells whether there had been one. From here on none can be created under this id.
        """
        if await self._records.forestall(secret_id):
            return False
        with suppress(TooLate, Gone):
            try:
                await self.revoke(secret_id, proof)
            except NotFound:  # abandoned before it ever was
                return False
        return True

    async def aclose(self) -> None:
        """Wait for evaluations that outlived their recipients' connections."""
        await self._admission.aclose()
        await self._control.aclose()


def milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
