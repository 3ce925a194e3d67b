"""The life of a secret, whole: seal · peek · open · data · done, and the sender's revoke.

    ready ── open (claim) ──▶ claimed ── data (latch, release) ──▶ opened ── done ──▶ burned

A claim is reversible: its lease runs out after a minute. The latch is not: it is a durable fact
in the blob store that says who opened the secret, so that not even a Redis that lost its latest
moments hands it out again. No byte of plaintext leaves before the latch is won.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from core import keys
from core.admission import Admission
from core.blobs import REVOKED
from core.delivery import Delivery
from core.draft import Draft
from core.errors import Corrupt, EmptyText, Gone, NotFound, TooLate
from core.handout import Handout, now_ms
from core.link import KEY_SIZE, Link, encode
from core.policy import check_password, clean_name
from core.records import NO_PASSWORD
from core.secret import Kind, Metadata, Sealed, State

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from datetime import timedelta

    from core.blobs import Blobs
    from core.keys import ServerKey
    from core.link import Claim, Key, SecretId
    from core.passwords import Passwords
    from core.policy import Policy
    from core.records import Records
    from core.secret import Glance, Opened, Progress, Sender

WITH_PASSWORD = "a1"  # noqa: S105 - the profile of new secrets that have one


class Vault:
    """The one owner of every secret."""

    def __init__(
        self,
        *,
        records: Records,
        blobs: Blobs,
        server_key: ServerKey,
        passwords: Passwords,
        policy: Policy,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self.server_key = server_key
        self._passwords = passwords
        self._handout = Handout(records, blobs)
        self._admission = Admission(records, server_key, passwords, self._handout)
        self.policy = policy

    # ── in ──────────────────────────────────────────────────────────────────────────────────

    async def seal(  # noqa: PLR0913 - what a sender can say about a secret
        self,
        content: AsyncIterable[bytes],
        *,
        kind: Kind,
        name: str | None = None,
        media_type: str | None = None,
        size: int | None = None,
        lifetime: timedelta | None = None,
        password: str | None = None,
        owner: bytes = b"",
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
            content, kind=kind, name=name, size=size, secret_id=secret_id
        ) as draft:
            return await self.commit(
                draft,
                name=name,
                media_type=media_type,
                lifetime=lifetime,
                password=password,
                owner=owner,
            )

    @asynccontextmanager
    async def draft(
        self,
        content: AsyncIterable[bytes],
        *,
        kind: Kind,
        name: str | None = None,
        size: int | None = None,
        secret_id: SecretId | None = None,
    ) -> AsyncIterator[Draft]:
        """Seal the bytes; in the block they are durable, and after it gone unless committed."""
        self.policy.check_size(size)
        if kind is Kind.FILE:
            self.policy.check_name(name or "")
        longest = round(self.policy.max_lifetime.total_seconds() * 1000)
        draft = Draft(kind, now_ms() + longest, secret_id)
        sealed = draft.sealed(self.policy.counted(content))
        await self._blobs.put(draft.id, draft.limit, sealed)
        try:
            if kind is Kind.TEXT and draft.size == 0:
                raise EmptyText
            yield draft
        finally:
            if not draft.committed:
                await asyncio.shield(self._blobs.shred(draft.id, draft.limit, None))

    async def commit(  # noqa: PLR0913 - what a sender can say about a secret
        self,
        draft: Draft,
        *,
        name: str | None = None,
        media_type: str | None = None,
        lifetime: timedelta | None = None,
        password: str | None = None,
        owner: bytes = b"",
    ) -> Sealed:
        """Write the record: from here on the secret exists."""
        granted = round(self.policy.lifetime(lifetime).total_seconds() * 1000)
        check_password(password or "")
        profile, password_salt = NO_PASSWORD, secrets.token_bytes(16)
        password_key = keys.NO_PASSWORD
        if password:
            profile = WITH_PASSWORD
            with self._passwords.place() as place:
                password_key = await place.stretch(profile, password, password_salt)
        token = secrets.token_bytes(KEY_SIZE)
        fresh = draft.record(
            Metadata(clean_name(name), media_type or "", draft.size, draft.kind),
            profile=profile,
            password_key=password_key,
            password_salt=password_salt,
            due=now_ms() + granted,
            owner=owner,
            revoke=self.token_proof(token),
        )
        expires_at = await self._records.create(draft.id, fresh, granted)
        draft.committed = True
        return Sealed(Link(draft.id, draft.key), expires_at, draft.size, encode(token))

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
        if not password:
            return await self._admission.admit(secret_id, key, claim)
        check_password(password)
        return await self._admission.admit_with(password, secret_id, key, claim)

    @asynccontextmanager
    async def data(  # noqa: PLR0913 - which secret, whose right, which part
        self,
        secret_id: SecretId,
        claim: Claim,
        ticket: str,
        *,
        key: Key | None = None,
        start: int = 0,
        stop: int | None = None,
    ) -> AsyncIterator[Delivery]:
        """Hand the bytes out, from `start` on; the first time decides who receives them.

        With the `key`, the same claim may `open` again while the window runs, and needs no ticket
        kept: the file key is left in the record, sealed for whoever has both key and claim.

        Raises:
            NotFound: the ticket is not for this secret and claim.
            Gone: somebody else received it, or the window is over.
            OutOfRange, Corrupt: nothing was decided.
        """
        rights = self.server_key.open_ticket(secret_id.raw, claim.digest, ticket)
        try:
            async with self._blobs.open(secret_id, rights.limit_ms, claim.holder) as blob:
                delivery = await Delivery.begin(blob, rights, start, stop)
                resume = b""
                if key is not None:
                    resume = keys.seal_resume(rights.file_key, secret_id.raw, key.raw, claim.raw)
                delivery.metadata = await self._handout.release(secret_id, claim, rights, resume)
                async with self._handout.noting(secret_id, claim, delivery):
                    yield delivery
        except Corrupt:
            await self._handout.say_why(secret_id)
            raise

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
        limit = await self._records.done(secret_id, claim.holder)
        await self._blobs.shred(secret_id, limit, claim.holder)
        await self._records.look_again(secret_id, 0)

    # ── the sender ──────────────────────────────────────────────────────────────────────────

    def owner(self, sender: Sender) -> bytes:
        """Mark a sender's own secrets: a keyed hash, which is also the proof to revoke them."""
        return self.server_key.owner(sender.door, sender.user)

    @staticmethod
    def token_proof(token: bytes) -> bytes:
        """Turn a revoke token into the proof that the record knows."""
        return hashlib.sha256(token).digest()

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
        state, limit = await self._records.inspect(secret_id, proof)
        if state is State.OPENED:
            raise TooLate
        if state is State.EXPIRED:
            raise Gone(state)
        holder = await self._blobs.latch(secret_id, limit, REVOKED)
        if holder != REVOKED:
            with suppress(Gone):
                await self._handout.follow(secret_id, holder)
            raise TooLate
        await self._records.revoke(secret_id)
        await self._blobs.shred(secret_id, limit, REVOKED)
        await self._records.look_again(secret_id, 0)

    async def unlock(self, secret_id: SecretId, proof: bytes) -> None:
        """Give back the attempts and the claims that came to nothing, three times at most.

        Raises:
            NotFound: no such secret, or not this sender's.
            Gone: it is over.
            UnlockedTooOften: somebody with the link goes on guessing; share it anew.
        """
        await self._records.unlock(secret_id, proof)

    async def abandon(self, secret_id: SecretId, proof: bytes) -> None:
        """Make sure that a secret whose link nobody has never exists, or no longer does."""
        if not await self._records.forestall(secret_id):
            with suppress(NotFound, TooLate, Gone):
                await self.revoke(secret_id, proof)

    async def aclose(self) -> None:
        """Wait for evaluations that outlived their recipients' connections."""
        await self._admission.aclose()
