"""Who may open: the claim, the password, and what whoever is let in is told."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from core import keys
from core.errors import Corrupt, WrongPassword
from core.keys import Ticket
from core.secret import Opened

if TYPE_CHECKING:
    from core.handout import Handout
    from core.keys import ServerKey
    from core.link import Claim, Key, SecretId
    from core.passwords import Passwords
    from core.records import Claimed, Records

ATTEMPT_SIZE = 16


class Admission:
    """Lets one claim in, with the password where there is one."""

    def __init__(
        self, records: Records, server_key: ServerKey, passwords: Passwords, handout: Handout
    ) -> None:
        self._records = records
        self._server_key = server_key
        self._passwords = passwords
        self._handout = handout
        self._at_work: set[asyncio.Task[Opened]] = set()

    async def admit(self, secret_id: SecretId, key: Key, claim: Claim) -> Opened:
        """Claim a secret without a password, or again what this claim opened."""
        verifier = keys.verifier(secret_id.raw, key.raw)
        claimed = await self._records.claim(secret_id, verifier, claim.holder)
        if claimed.wrapping is None:
            file_key = keys.open_resume(claimed.resume, secret_id.raw, key.raw, claim.raw)
        else:
            file_key = keys.unwrap(
                claimed.wrapping,
                secret_id=secret_id.raw,
                key=key.raw,
                password_key=keys.NO_PASSWORD,
                limit_ms=claimed.limit,
            )
        return await self._tell(secret_id, claim, claimed, file_key)

    async def admit_with(
        self, password: str, secret_id: SecretId, key: Key, claim: Claim
    ) -> Opened:
        """Claim a secret with its password.

        Once a slot is taken, its evaluation is seen through even if the recipient is gone.
        """
        work = asyncio.create_task(self._evaluate(password, secret_id, key, claim))
        self._at_work.add(work)
        work.add_done_callback(self._seen_through)
        return await asyncio.shield(work)

    def _seen_through(self, work: asyncio.Task[Opened]) -> None:
        self._at_work.discard(work)
        if not work.cancelled():
            work.exception()  # whoever would hear of it may be gone

    async def _evaluate(self, password: str, secret_id: SecretId, key: Key, claim: Claim) -> Opened:
        verifier = keys.verifier(secret_id.raw, key.raw)
        attempt = secrets.token_bytes(ATTEMPT_SIZE)
        with self._passwords.place() as place:
            taken = await self._records.attempt(secret_id, verifier, claim.holder, attempt)
            if taken is None:
                return await self.admit(secret_id, key, claim)
            wrapping, limit = taken
            stretched = await place.stretch(wrapping.profile, password, wrapping.password_salt)
        try:
            file_key = keys.unwrap(
                wrapping,
                secret_id=secret_id.raw,
                key=key.raw,
                password_key=stretched,
                limit_ms=limit,
            )
        except Corrupt:
            left = await self._records.resolve(secret_id, attempt)
            raise WrongPassword(left) from None
        claimed = await self._records.claim(secret_id, verifier, claim.holder, attempt)
        return await self._tell(secret_id, claim, claimed, file_key)

    async def _tell(
        self, secret_id: SecretId, claim: Claim, claimed: Claimed, file_key: bytes
    ) -> Opened:
        await self._handout.heed_latch(secret_id, claimed.limit, claim)
        metadata = keys.open_metadata(file_key, claimed.salt, secret_id.raw, claimed.meta)
        ticket = Ticket(file_key, claimed.limit, claimed.size, metadata.size)
        return Opened(metadata, self._server_key.seal_ticket(secret_id.raw, claim.digest, ticket))

    async def aclose(self) -> None:
        """Wait for evaluations that outlived their recipients' connections."""
        if self._at_work:
            await asyncio.wait(self._at_work)
