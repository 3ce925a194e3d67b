"""What the sender may still do: revoke, unlock, another lifetime, another password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import keys
from core.background import Unbroken
from core.blobs import REVOKED
from core.errors import Gone, NotFound, PasswordRequired, TooLate
from core.evaluation import Proven, unwrapped
from core.record import NO_PASSWORD
from core.secret import State

if TYPE_CHECKING:
    from datetime import datetime

    from core.blobs import Blobs
    from core.evaluation import Evaluation
    from core.handout import Handout
    from core.link import Key, SecretId
    from core.passwords import Passwords
    from core.record import Material
    from core.records import Records


class Control:
    """Every wish needs the sender's proof, and comes too late once somebody opened it."""

    def __init__(
        self,
        records: Records,
        blobs: Blobs,
        handout: Handout,
        evaluation: Evaluation,
        passwords: Passwords,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._handout = handout
        self._evaluation = evaluation
        self._passwords = passwords
        self._unbroken = Unbroken()

    async def revoke(self, secret_id: SecretId, proof: bytes) -> None:
        """Win the latch for nobody, then end the record, then shred the bytes."""
        status = await self._records.inspect(secret_id, proof)
        await self._destroy(secret_id, status.state, status.limit)

    async def burn(self, secret_id: SecretId) -> None:
        """Do the same for the operator, who needs no proof."""
        settled = await self._records.settle(secret_id)
        if settled is None:
            raise NotFound
        await self._destroy(secret_id, settled.state, settled.limit)

    async def _destroy(self, secret_id: SecretId, state: State, limit: int) -> None:
        if state in {State.OPENED, State.BURNED}:
            raise TooLate
        if state is State.EXPIRED:
            raise Gone(state)
        holder = await self._blobs.latch(secret_id, limit, REVOKED)
        if holder != REVOKED:
            await self._too_late(secret_id, holder)
        await self._records.revoke(secret_id)
        await self._blobs.shred(secret_id, limit)
        self._records.over(secret_id)

    async def _too_late(self, secret_id: SecretId, holder: str) -> None:
        try:
            await self._handout.follow(secret_id, holder)
        except Gone as gone:
            raise _late(gone) from None

    async def reschedule(
        self, secret_id: SecretId, proof: bytes, lifetime: int, due: int
    ) -> datetime:
        """Move the moment at which it expires unopened."""
        try:
            return await self._records.reschedule(secret_id, proof, lifetime, due)
        except Gone as gone:
            raise _late(gone) from None

    async def rewrap(
        self,
        secret_id: SecretId,
        key: Key,
        proof: bytes,
        password: str | None,
        old_password: str | None,
    ) -> None:
        """Set, change or remove the password; the link, the bytes and the attempts stay."""
        work = self._rewrap(secret_id, key, proof, password, old_password)
        try:
            await self._unbroken.see_through(work)
        except Gone as gone:
            raise _late(gone) from None

    async def _rewrap(
        self,
        secret_id: SecretId,
        key: Key,
        proof: bytes,
        password: str | None,
        old_password: str | None,
    ) -> None:
        verifier = keys.verifier(secret_id.raw, key.raw)
        material = await self._records.material(secret_id, verifier, proof)
        holder = await self._blobs.holder(secret_id, material.limit)
        if holder is not None:  # Redis forgot an opening
            await self._handout.follow(secret_id, holder)
        proven = await self._prove(secret_id, key, material, old_password)
        metadata = keys.open_metadata(proven.file_key, material.salt, secret_id.raw, material.meta)
        protection = await self._passwords.protect(password)
        wrapping = protection.wrap(proven.file_key, secret_id, key, material.limit)
        await self._records.rewrap(
            secret_id,
            verifier=verifier,
            proof=proof,
            revision=material.revision,
            attempt=proven.attempt,
            wrapping=wrapping,
            meta=keys.seal_metadata(proven.file_key, wrapping.salt, secret_id.raw, metadata),
        )

    async def _prove(
        self, secret_id: SecretId, key: Key, material: Material, old_password: str | None
    ) -> Proven:
        wrapping = material.wrapping
        if wrapping is None:
            raise NotFound
        if wrapping.profile == NO_PASSWORD:
            limit = material.limit
            return Proven(unwrapped(wrapping, secret_id, key, keys.NO_PASSWORD, limit), b"")
        if not old_password:
            glance = await self._records.peek(secret_id, keys.verifier(secret_id.raw, key.raw))
            raise PasswordRequired(glance.attempts_left)
        proven = await self._evaluation.prove(old_password, secret_id, key)
        if proven is None:
            raise NotFound
        return proven

    async def aclose(self) -> None:
        """Wait for changes that outlived their sender's patience."""
        await self._unbroken.aclose()


def _late(gone: Gone) -> TooLate | Gone:
    return TooLate() if gone.state == State.OPENED else gone
