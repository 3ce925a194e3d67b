"""The check of a password: a slot first, then the costly part, then the slot's fate."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import keys
from core.errors import Corrupt, WrongPassword
from core.statistics import WRONG_PASSWORDS

if TYPE_CHECKING:
    from core.keys import Wrapping
    from core.link import Key, SecretId
    from core.passwords import Passwords
    from core.permit import Permit
    from core.records import Records
    from core.statistics import Statistics

ATTEMPT_SIZE = 16


@dataclass(frozen=True, slots=True)
class Proven:
    """A right password: the file key, and the slot that goes back with the next transition."""

    file_key: bytes = field(repr=False)
    attempt: bytes = field(repr=False)


class Evaluation:
    """Evaluates passwords, five at most until somebody gives the right one."""

    def __init__(self, records: Records, passwords: Passwords, statistics: Statistics) -> None:
        self._records = records
        self._passwords = passwords
        self._statistics = statistics

    async def prove(
        self,
        password: str,
        secret_id: SecretId,
        key: Key,
        claim: str = "",
        permit: Permit | None = None,
    ) -> Proven | None:
        """Evaluate a password; None where there is none to evaluate.

        Raises:
            Busy: too many are being checked; no slot was taken.
            WrongPassword: the slot is used up.
            NotFound, Gone, Taken, Locked, RateLimited: no slot was taken.
        """
        attempt = secrets.token_bytes(ATTEMPT_SIZE)
        verifier = keys.verifier(secret_id.raw, key.raw)
        with self._passwords.place() as place:
            taken = await self._records.attempt(secret_id, verifier, claim, attempt, permit)
            if taken is None:
                return None
            wrapping, limit = taken
            stretched = await place.stretch(wrapping.profile, password, wrapping.password_salt)
        try:
            return Proven(unwrapped(wrapping, secret_id, key, stretched, limit), attempt)
        except Corrupt:
            self._statistics.count(WRONG_PASSWORDS)
            left = await self._records.resolve(secret_id, attempt)
            raise WrongPassword(left) from None


def unwrapped(
    wrapping: Wrapping,
    secret_id: SecretId,
    key: Key,
    password_key: bytes,
    limit: int,
) -> bytes:
    """Unwrap the file key.

    Raises:
        Corrupt: a share is wrong.
    """
    return keys.unwrap(
        wrapping,
        secret_id=secret_id.raw,
        key=key.raw,
        password_key=password_key,
        limit_ms=limit,
    )
