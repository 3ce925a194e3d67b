"""Where sealed bytes lie: one port, several answers.

A blob is written once and shredded once. The latch is a durable fact of its own, outside Redis,
that says who opened a secret: it outlives the bytes and goes only long after the secret's limit.
Small blobs lie in the secret's record instead (`core.draft`); their latch is here all the same.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from core.link import SecretId

# The latch's holder when nobody may ever receive the secret: its sender took it, or its time came.
REVOKED = "revoked"
EXPIRED = "expired"
BOUNDLESS = sys.maxsize  # bytes that are left where no disk ends


@dataclass(frozen=True, slots=True)
class Lying:
    """A blob in the store, and a limit (ms) that finds it again."""

    secret_id: SecretId
    limit: int


class Blob(Protocol):
    """An open blob."""

    @property
    def size(self) -> int:
        """How many sealed bytes it has."""

    async def read(self, offset: int, length: int) -> bytes | bytearray:
        """Read exactly `length` bytes.

        Raises:
            Corrupt: when they are not all there.
        """


class Blobs(Protocol):
    """A store of blobs. `limit` (ms since the epoch) is the secret's own and never changes.

    Every method raises Unavailable when the store does not answer.
    """

    async def put(self, secret_id: SecretId, limit: int, sealed: AsyncIterable[bytes]) -> None:
        """Keep a blob: durable when this returns, and not there at all when it raises.

        Each piece that `sealed` yields is written in one go, so they should be large.

        Raises:
            StorageFull: no room.
        """

    def open(self, secret_id: SecretId, limit: int) -> AbstractAsyncContextManager[Blob]:
        """Open a blob.

        Raises:
            Corrupt: there is none.
        """

    async def has(self, secret_id: SecretId, limit: int) -> bool:
        """Tell whether a blob is there."""

    async def holder(self, secret_id: SecretId, limit: int) -> str | None:
        """Say who holds the latch: a claim's hash, `REVOKED`, `EXPIRED`, or None."""

    async def latch(self, secret_id: SecretId, limit: int, claim: str) -> str:
        """Take the latch unless it is taken; say who holds it now. Durable when this returns."""

    async def shred(self, secret_id: SecretId, limit: int) -> None:
        """Delete the bytes, but never a latch. Nothing there: nothing to do."""

    async def check(self) -> None:
        """Do nothing where a latch can be had now; otherwise raise as `latch` would."""

    async def free(self) -> int:
        """Say how many bytes the disk has left; `BOUNDLESS` where there is none."""

    async def stored(self) -> int:
        """Add up how many bytes lie here, those that are being written among them."""

    async def sweep(self, now: int) -> None:
        """Delete what nobody can need any more: half-written blobs, latches long past the limit."""

    def settled(self, now: int) -> AsyncIterator[Lying]:
        """List blobs that hold bytes for longer than 15 minutes."""
