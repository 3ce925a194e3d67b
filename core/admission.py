"""Who may open: the claim, the password, and what whoever is let in gets."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import keys
from core.background import Unbroken
from core.errors import Gone, OneTimeShareError
from core.evaluation import unwrapped
from core.keys import Ticket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.evaluation import Evaluation
    from core.link import Claim, Key, SecretId
    from core.permit import Permit
    from core.record import Material
    from core.records import Records
    from core.secret import Metadata


@dataclass(frozen=True, slots=True)
class Admitted:
    """What it is, what fetches it, and its blob where the record keeps that."""

    metadata: Metadata
    rights: Ticket
    blob: bytes | None = field(repr=False)


class Admission:
    """Lets one claim in, with the password where there is one."""

    def __init__(self, records: Records, evaluation: Evaluation) -> None:
        self._records = records
        self._evaluation = evaluation
        self._unbroken = Unbroken()

    async def admit(
        self,
        secret_id: SecretId,
        key: Key,
        claim: Claim,
        password: str | None,
        permit: Permit | None = None,
    ) -> Admitted:
        """Claim a secret, or again what this claim opened.

        Once a slot for a password is taken, its evaluation is seen through even if the recipient
        is gone.
        """
        if not password:
            return await self._claim(secret_id, key, claim, permit)
        return await self._unbroken.see_through(
            self._evaluate(password, secret_id, key, claim, permit)
        )

    async def _claim(
        self, secret_id: SecretId, key: Key, claim: Claim, permit: Permit | None
    ) -> Admitted:
        verifier = keys.verifier(secret_id.raw, key.raw)
        claimed = await self._records.claim(secret_id, verifier, claim.holder, permit=permit)
        async with self.claimed(secret_id, claim):
            if claimed.wrapping is None:
                file_key = keys.open_resume(claimed.resume, secret_id.raw, key.raw, claim.raw)
            else:
                file_key = unwrapped(
                    claimed.wrapping, secret_id, key, keys.NO_PASSWORD, claimed.limit
                )
            return _admitted(secret_id, claimed, file_key)

    async def _evaluate(
        self, password: str, secret_id: SecretId, key: Key, claim: Claim, permit: Permit | None
    ) -> Admitted:
        proven = await self._evaluation.prove(password, secret_id, key, claim.holder, permit)
        if proven is None:
            return await self._claim(secret_id, key, claim, permit)
        verifier = keys.verifier(secret_id.raw, key.raw)
        claimed = await self._records.claim(secret_id, verifier, claim.holder, proven.attempt)
        async with self.claimed(secret_id, claim):
            return _admitted(secret_id, claimed, proven.file_key)

    @asynccontextmanager
    async def claimed(self, secret_id: SecretId, claim: Claim) -> AsyncIterator[None]:
        """Give the claim back when what follows fails, as that is not its holder's fault."""
        try:
            yield
        except Gone:
            raise
        except (OneTimeShareError, ConnectionError):  # the latter: of whoever asked
            with suppress(OneTimeShareError):
                await self._records.unclaim(secret_id, claim.holder)
            raise

    async def aclose(self) -> None:
        """Wait for evaluations that outlived their recipients' connections."""
        await self._unbroken.aclose()


def _admitted(secret_id: SecretId, claimed: Material, file_key: bytes) -> Admitted:
    metadata = keys.open_metadata(file_key, claimed.salt, secret_id.raw, claimed.meta)
    rights = Ticket(file_key, claimed.limit, claimed.size, metadata.size, claimed.revision)
    return Admitted(metadata, rights, claimed.blob)
