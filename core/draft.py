"""A secret that is being handed in: its bytes are sealed, its record is not written yet."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from core import keys, stream
from core.link import KEY_SIZE, Key, SecretId
from core.record import Fresh
from core.secret import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from core.batches import Batches
    from core.blobs import Blobs
    from core.passwords import Protection
    from core.permit import Permit
    from core.secret import Metadata

FILE_KEY_SIZE = 16
# Sealed bytes up to which a blob is kept in the record: a file of its own, made durable, would cost
# more than all else that so small a secret needs.
KEPT = 4 * 1024
SMALL = 3 * 1024  # bytes that, padded and sealed, are kept in the record for certain
STEP = 256 * 1024  # bytes read back in one go
TEXT_BLOCK = 1024  # texts are padded to multiples of this, so that a PIN looks like a passphrase


def token_proof(token: bytes) -> bytes:
    """Turn a revoke token into the proof that the record knows."""
    return hashlib.sha256(token).digest()


class Draft:
    """Makes the keys and counts the bytes. `limit` is the last moment (ms) it may ever live to."""

    def __init__(self, kind: Kind, limit: int, secret_id: SecretId | None = None) -> None:
        self.id = secret_id or SecretId.random()
        self.kind = kind
        self.limit = limit
        self.key = Key.random()
        self.file_key = secrets.token_bytes(FILE_KEY_SIZE)
        self.token = secrets.token_bytes(KEY_SIZE)  # the sender's, to revoke it
        self.size = 0
        self.permit: Permit | None = None  # counts in the step that writes its record
        self.blob: bytes | None = None  # what the record keeps; None: the store does
        self.tried = False  # the record may have been written
        self.unknown = False  # nor could Redis tell: the bytes are the sweeper's
        self.committed = False

    @property
    def proof(self) -> bytes:
        """The revoke token as the record knows it."""
        return token_proof(self.token)

    @property
    def sealed_plain_size(self) -> int:
        """How many plaintext bytes are sealed, a text's padding included."""
        if self.kind is Kind.TEXT:
            return -(-self.size // TEXT_BLOCK) * TEXT_BLOCK
        return self.size

    async def take(self, content: AsyncIterable[bytes], blobs: Blobs, batches: Batches) -> None:
        """Seal the content while it is pulled; what is larger than `KEPT` goes to the store.

        Raises:
            StorageFull, Unavailable: from the store, and whatever the content raises.
        """
        with batches.transfer():
            sealed = _Sealed(self._sealed(content, batches))
            if await sealed.begin() > KEPT:
                await blobs.put(self.id, self.limit, sealed)
            else:
                self.blob = await anext(sealed)

    def _sealed(self, content: AsyncIterable[bytes], batches: Batches) -> AsyncIterator[bytes]:
        plain: AsyncIterable[bytes] = self._counted(content)
        if self.kind is Kind.TEXT:
            plain = stream.padded(plain, TEXT_BLOCK)
        nonce = secrets.token_bytes(stream.NONCE)
        return stream.seal(self.file_key, plain, nonce=nonce, chunks=batches.chunks)

    async def _counted(self, content: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        async for piece in content:
            self.size += len(piece)
            yield piece

    async def again(self, blobs: Blobs) -> AsyncIterator[bytes]:
        """Read the content back, as long as nothing has become of the draft."""
        left = self.size  # the rest is padding
        async for piece in stream.open_(self.file_key, self._lying(blobs)):
            yield piece[:left]
            left -= len(piece[:left])

    async def _lying(self, blobs: Blobs) -> AsyncIterator[bytes]:
        if self.blob is not None:
            yield self.blob
            return
        async with blobs.open(self.id, self.limit) as blob:
            for start in range(0, blob.size, STEP):
                yield bytes(await blob.read(start, min(STEP, blob.size - start)))

    def record(
        self,
        metadata: Metadata,
        protection: Protection,
        *,
        due: int,
        owner: bytes,
        ref: bytes,
    ) -> Fresh:
        """Wrap the file key under all three shares; the record is all that is kept of them."""
        wrapping = protection.wrap(self.file_key, self.id, self.key, self.limit)
        return Fresh(
            verifier=keys.verifier(self.id.raw, self.key.raw),
            wrapping=wrapping,
            meta=keys.seal_metadata(self.file_key, wrapping.salt, self.id.raw, metadata),
            size=self.sealed_plain_size,
            limit=self.limit,
            due=min(due, self.limit),
            owner=owner,
            revoke=self.proof,
            ref=ref,
            blob=self.blob,
        )


class _Sealed:
    """A sealed stream, whose begin can be seen first. Nothing that was handed on stays here."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._first = b""

    async def begin(self) -> int:
        """Wait for the first piece; its size. What is no longer than a chunk is whole."""
        self._first = await anext(self._pieces)
        return len(self._first)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        return await anext(self._pieces)
