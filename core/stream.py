"""The sealed payload: byte for byte that of age v1 (C2SP age specification, section Payload).

    payload key = HKDF-SHA-256(ikm = file key, salt = nonce, info = "payload")
    blob        = nonce (16) || chunk 0 || chunk 1 || …
    chunk i     = ChaCha20-Poly1305(payload key, nonce = i as 11 bytes big endian || final flag)

A chunk holds 64 KiB of plaintext; only the last may hold less, and it alone has the flag 1.
No plaintext of a chunk leaves before its tag verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable

CHUNK = 64 * 1024
TAG = 16
NONCE = 16
BATCH = 4  # chunks sealed or opened together, at most; 256 KiB on the loop take less than 0.1 ms
SEALED_CHUNK = CHUNK + TAG


def sealed_size(plain: int) -> int:
    """Tell how many bytes a blob of `plain` bytes has."""
    chunks = max(1, -(-plain // CHUNK))
    return NONCE + plain + chunks * TAG


def plain_size(sealed: int) -> int:
    """Tell how many bytes a blob of `sealed` bytes holds.

    Raises:
        Corrupt: no blob has that size.
    """
    chunks = max(1, -(-(sealed - NONCE) // SEALED_CHUNK))
    plain = sealed - NONCE - chunks * TAG
    if plain < 0 or sealed_size(plain) != sealed:
        raise Corrupt
    return plain


def _cipher(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    derived = HKDF(algorithm=SHA256(), length=32, salt=nonce, info=b"payload").derive(file_key)
    return ChaCha20Poly1305(derived)


def _chunk_nonce(index: int, *, final: bool) -> bytes:
    return index.to_bytes(11) + (b"\x01" if final else b"\x00")


async def padded(content: AsyncIterable[bytes], block: int) -> AsyncIterator[bytes]:
    """Append zero bytes up to the next multiple of `block`."""
    size = 0
    async for piece in content:
        size += len(piece)
        yield piece
    if size % block:
        yield bytes(block - size % block)


async def seal(
    file_key: bytes,
    content: AsyncIterable[bytes],
    *,
    nonce: bytes,
    chunks: Callable[[], int] = lambda: BATCH,
) -> AsyncIterator[bytes]:
    """Seal content of any slicing; yield the nonce with the first chunks, then batches.

    Args:
        file_key: 16 bytes, used for this payload alone.
        content: the plaintext.
        nonce: 16 random bytes.
        chunks: asked for the size of each batch.
    """
    cipher = _cipher(file_key, nonce)
    reader = _Slicer(content)
    head, batch, index = nonce, list[bytes](), 0
    chunk = await reader.take(CHUNK)
    while following := await reader.take(CHUNK):
        batch.append(cipher.encrypt(_chunk_nonce(index, final=False), chunk, None))
        chunk, index = following, index + 1
        if len(batch) >= chunks():
            yield head + b"".join(batch)
            head = b""
            batch.clear()
    # Which chunk is the final one shows only here, where no further byte follows.
    batch.append(cipher.encrypt(_chunk_nonce(index, final=True), chunk, None))
    yield head + b"".join(batch)


async def open_(file_key: bytes, blob: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Open a blob of unknown length, in any slicing, chunk by chunk.

    Raises:
        Corrupt: truncated, altered, reordered, or bytes after the final chunk.
    """
    reader = _Slicer(blob)
    nonce = await reader.take(NONCE)
    if len(nonce) != NONCE:
        raise Corrupt
    cipher = _cipher(file_key, nonce)
    index, final = 0, False
    while not final:
        sealed = await reader.take(SEALED_CHUNK)
        plain, final = _open_next(cipher, index, sealed)
        if index and not plain:
            raise Corrupt  # a final chunk is empty only in an empty payload
        yield plain
        index += 1
    if await reader.take(1):
        raise Corrupt


def _open_next(cipher: ChaCha20Poly1305, index: int, sealed: bytes) -> tuple[bytes, bool]:
    # Only a full chunk may be followed by another.
    for final in (False, True) if len(sealed) == SEALED_CHUNK else (True,):
        try:
            return cipher.decrypt(_chunk_nonce(index, final=final), sealed, None), final
        except InvalidTag:
            continue
    raise Corrupt


class _Slicer:
    """Cuts a stream of any slicing into pieces of the wanted size."""

    def __init__(self, content: AsyncIterable[bytes]) -> None:
        self._content = aiter(content)
        self._waiting = bytearray()

    async def take(self, size: int) -> bytes:
        """Take `size` bytes, fewer only where the stream ends."""
        while len(self._waiting) < size:
            piece = await anext(self._content, None)
            if piece is None:
                break
            if len(piece) == size and not self._waiting:
                return piece  # as it came: nothing is copied
            self._waiting += piece
        with memoryview(self._waiting) as view:
            taken = bytes(view[:size])
        del self._waiting[:size]
        return taken


class Chunks:
    """A blob of known size, whose chunks are opened in any order."""

    def __init__(self, file_key: bytes, nonce: bytes, sealed: int) -> None:
        """Take the blob's first 16 bytes and its size.

        Raises:
            Corrupt: no blob has that size.
        """
        self.size = plain_size(sealed)
        self.count = max(1, -(-self.size // CHUNK))
        self._cipher = _cipher(file_key, nonce)
        self._sealed = sealed

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Tell where the sealed chunks `first` to `last` lie: offset and length."""
        offset = NONCE + first * SEALED_CHUNK
        end = min(NONCE + (last + 1) * SEALED_CHUNK, self._sealed)
        return offset, end - offset

    def open(self, index: int, sealed: bytes | memoryview) -> bytes:
        """Open one chunk.

        Raises:
            Corrupt: it is not what was sealed as chunk `index` of this blob.
        """
        nonce = _chunk_nonce(index, final=index == self.count - 1)
        try:
            return self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            raise Corrupt from None
