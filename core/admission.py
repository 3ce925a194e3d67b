"""Who may open: the claim, the password, and what whoever is let in is told."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from core import keys
from core.background import Unbroken
from core.errors import Gone, OneTimeShareError
from core.evaluation import unwrapped
from core.keys import Ticket
from core.secret import Opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.evaluation import Evaluation
    from core.handout import Handout
    from core.keys import ServerKey
    from core.link import Claim, Key, SecretId
    from core.record import Material
    from core.records import Records


class Admission:
    """Lets one claim in, with the password where there is one."""

    def __init__(
        self, records: Records, server_key: ServerKey, evaluation: Evaluation, handout: Handout
    ) -> None:
        self._records = records
        self._server_key = server_key
        self._evaluation = evaluation
        self._handout = handout
        self._unbroken = Unbroken()

    async def admit(self, secret_id: SecretId, key: Key, claim: Claim) -> Opened:
        """Claim a secret without a password, or again what this claim opened."""
        verifier = keys.verifier(secret_id.raw, key.raw)
        claimed = await self._records.claim(secret_id, verifier, claim.holder)
        async with self._claimed(secret_id, claim):
            if claimed.wrapping is None:
                file_key = keys.open_resume(claimed.resume, secret_id.raw, key.raw, claim.raw)
            else:
                file_key = unwrapped(
                    claimed.wrapping, secret_id, key, keys.NO_PASSWORD, claimed.limit
                )
            return await self._tell(secret_id, claim, claimed, file_key)

    async def admit_with(
        self, password: str, secret_id: SecretId, key: Key, claim: Claim
    ) -> Opened:
        """Claim a secret with its password.

        Once a slot is taken, its evaluation is seen through even if the recipient is gone.
        """
        return await self._unbroken.see_through(self._evaluate(password, secret_id, key, claim))

    async def _evaluate(self, password: str, secret_id: SecretId, key: Key, claim: Claim) -> Opened:
        proven = await self._evaluation.prove(password, secret_id, key, claim.holder)
        if proven is None:
            return await self.admit(secret_id, key, claim)
        verifier = keys.verifier(secret_id.raw, key.raw)
        claimed = await self._records.claim(secret_id, verifier, claim.holder, proven.attempt)
        async with self._claimed(secret_id, claim):
            return await self._tell(secret_id, claim, claimed, proven.file_key)

    @asynccontextmanager
    async def _claimed(self, secret_id: SecretId, claim: Claim) -> AsyncIterator[None]:
        """Give the claim back when what follows fails, as that is not its holder's fault."""
        try:
            yield
        except Gone:
            raise
        except OneTimeShareError:
            with suppress(OneTimeShareError):
                await self._records.unclaim(secret_id, claim.holder)
            raise

    async def _tell(
        self, secret_id: SecretId, claim: Claim, claimed: Material, file_key: bytes
    ) -> Opened:
        await self._handout.heed_latch(secret_id, claimed.limit, claim)
        metadata = keys.open_metadata(file_key, claimed.salt, secret_id.raw, claimed.meta)
        ticket = Ticket(file_key, claimed.limit, claimed.size, metadata.size, claimed.revision)
        return Opened(metadata, self._server_key.seal_ticket(secret_id.raw, claim.digest, ticket))

    async def aclose(self) -> None:
        """Wait for evaluations that outlived their recipients' connections."""
        await self._unbroken.aclose()
