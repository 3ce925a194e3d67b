"""A small blob, that was kept in the secret's record."""

from __future__ import annotations

from core.errors import Corrupt


class KeptBlob:
    """The port's open blob, in memory."""

    def __init__(self, sealed: bytes) -> None:
        self._sealed = sealed
        self.size = len(sealed)

    async def read(self, offset: int, length: int) -> bytes:
        read = self._sealed[offset : offset + length]
        if len(read) != length:
            raise Corrupt
        return read
