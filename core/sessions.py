"""The admin's sessions: a random token in the browser, its hash here, for as long as it is used."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from core.clock import now_ms
from core.link import encode

if TYPE_CHECKING:
    from core.clock import Clock
    from core.scripts import Scripts

IDLE = 30 * 60 * 1000  # ms without a visit
LONGEST = 8 * 60 * 60 * 1000  # ms in all
TOKEN_SIZE = 32


class Sessions:
    """Sessions of whoever knows the password that `credential` is the hash of: another ends all."""

    def __init__(self, scripts: Scripts, credential: str, clock: Clock = now_ms) -> None:
        self._run = scripts
        self._secret = hashlib.sha256(credential.encode()).digest()
        self._clock = clock

    async def begin(self) -> str:
        """Begin one; answer its token.

        Raises:
            Unavailable: Redis does not answer.
        """
        token = encode(secrets.token_bytes(TOKEN_SIZE))
        until = self._clock() + LONGEST
        await self._run("spare", self._key(token), "SET", until, "PX", IDLE)
        return token

    async def lives(self, token: str, *, used: bool = True) -> bool:
        """Tell whether a session goes on; `used` says that a person is there.

        Raises:
            Unavailable: Redis does not answer.
        """
        key = self._key(token)
        [until] = await self._run.together(("GET", key))
        left = 0 if until is None else int(until) - self._clock()
        if left > 0 and used:
            await self._run.together(("PEXPIRE", key, min(IDLE, left)))
        return left > 0

    async def end(self, token: str) -> None:
        """End one: the same token never counts again.

        Raises:
            Unavailable: Redis does not answer.
        """
        await self._run.together(("DEL", self._key(token)))

    def proof(self, token: str) -> str:
        """Make what a form of this session carries, which no other site can know."""
        return encode(hmac.digest(self._secret, b"form" + token.encode(), "sha256"))

    def _key(self, token: str) -> str:
        return f"ots:session:{hmac.digest(self._secret, token.encode(), 'sha256').hex()}"
