"""What the sender may still do: revoke, unlock, another lifetime, another password."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from core import keys
from core.background import Unbroken
from core.blobs import REVOKED
from core.errors import Gone, NotFound, PasswordRequired, TooLate
from core.evaluation import Proven, unwrapped
from core.policy import check_password
from core.quantities import milliseconds
from core.receipts import Event
from core.record import NO_PASSWORD
from core.secret import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from core.blobs import Blobs
    from core.clock import Clock
    from core.evaluation import Evaluation
    from core.handout import Handout
    from core.keys import ServerKey
    from core.link import Key, SecretId
    from core.passwords import Passwords
    from core.policy import Policy
    from core.record import Material
    from core.records import Records
    from core.secret import SenderRef, Status


class Control:
    """Every wish needs the sender's proof, and comes too late once somebody opened it."""

    def __init__(  # noqa: PLR0913 - its parts
        self,
        *,
        records: Records,
        blobs: Blobs,
        handout: Handout,
        evaluation: Evaluation,
        passwords: Passwords,
        server_key: ServerKey,
        policy: Callable[[], Policy],
        clock: Clock,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._handout = handout
        self._evaluation = evaluation
        self._passwords = passwords
        self._server_key = server_key
        self._policy = policy
        self._clock = clock
        self._unbroken = Unbroken()

    # ── to know ─────────────────────────────────────────────────────────────────────────────

    async def status(self, secret_id: SecretId, proof: bytes) -> Status:
        """Let the sender see where a secret stands.

        Raises:
            NotFound: no such secret, or not this sender's.
        """
        return await self._records.inspect(secret_id, proof)

    async def secrets(self, owner: bytes) -> list[Status]:
        """List a sender's secrets, a hundred at most, newest first; what ended stays for a day."""
        return await self._records.of_owner(owner)

    async def refer(self, secret_id: SecretId, proof: bytes, ref: SenderRef) -> None:
        """Note where the sender is told about this secret, now that it is known."""
        await self._records.refer(secret_id, proof, self._server_key.seal_ref(secret_id.raw, ref))

    # ── to end ──────────────────────────────────────────────────────────────────────────────

    async def revoke(self, secret_id: SecretId, proof: bytes) -> None:
        """Destroy a secret that nobody received; afterwards nobody ever will.

        The latch is won for nobody first, then the record ends, then the bytes go.

        Args:
            secret_id: which.
            proof: the owner's mark, or the SHA-256 of the revoke token.

        Raises:
            NotFound: no such secret, or not this sender's.
            TooLate: it was opened.
            Gone: it expired before.
        """
        status = await self._records.inspect(secret_id, proof)
        await self._destroy(secret_id, status.state, status.limit)

    async def forget(self, owner: bytes) -> int:
        """Revoke all that a sender has waiting, and drop the list; answer how many were revoked."""
        revoked = 0
        async for status in self._records.all_of_owner(owner):
            if status.waiting:
                with suppress(NotFound, TooLate, Gone):
                    await self.revoke(status.id, owner)
                    revoked += 1
        await self._records.forget(owner)
        return revoked

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

    async def burn(self, secret_id: SecretId) -> None:
        """Destroy for the operator, who needs no proof, what nobody received; its sender is told.

        Raises:
            NotFound: no such secret.
            TooLate, Gone: it was opened, or expired before.
        """
        settled = await self._records.settle(secret_id)
        if settled is None:
            raise NotFound
        await self._destroy(secret_id, settled.state, settled.limit, Event.WITHDRAWN)

    async def _destroy(
        self, secret_id: SecretId, state: State, limit: int, event: Event = Event.REVOKED
    ) -> None:
        if state in {State.OPENED, State.BURNED}:
            raise TooLate
        if state is State.EXPIRED:
            raise Gone(state)
        holder = await self._handout.win(secret_id, limit, REVOKED)
        if holder != REVOKED:
            await self._too_late(secret_id, holder)
        await self._records.revoke(secret_id, event)
        await self._blobs.shred(secret_id, limit)
        self._records.over(secret_id)

    async def _too_late(self, secret_id: SecretId, holder: str) -> None:
        try:
            await self._handout.follow(secret_id, holder)
        except Gone as gone:
            raise _late(gone) from None

    # ── to change ───────────────────────────────────────────────────────────────────────────

    async def unlock(self, secret_id: SecretId, proof: bytes) -> None:
        """Give back the attempts and the claims that came to nothing, three times at most.

        Raises:
            NotFound: no such secret, or not this sender's.
            Gone: it is over.
            UnlockedTooOften: somebody with the link goes on guessing; share it anew.
        """
        await self._records.unlock(secret_id, proof)

    async def reschedule(self, secret_id: SecretId, proof: bytes, lifetime: timedelta) -> datetime:
        """Give an unopened secret another lifetime from now on; answer when it expires.

        It never lives longer than the longest lifetime, counted from its creation.

        Raises:
            BadLifetime: out of bounds.
            NotFound: no such secret, or not this sender's.
            Taken: somebody is about to open it.
            TooLate, Gone: it was opened, or is over.
        """
        granted = milliseconds(self._policy().lifetime(lifetime))
        try:
            return await self._records.reschedule(
                secret_id, proof, granted, self._clock() + granted
            )
        except Gone as gone:
            raise _late(gone) from None

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
