"""Content to hand in, and a way to take it out again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable

    from core.link import Claim, Key, SecretId
    from core.vault import Vault


async def pieces(data: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    """Stream bytes in pieces that fit no chunk."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def gathered(content: AsyncIterable[bytes]) -> bytes:
    """Put a stream together."""
    return b"".join([piece async for piece in content])


async def received(
    vault: Vault, secret_id: SecretId, key: Key, claim: Claim, password: str | None = None
) -> bytes:
    """Open a secret and fetch all of it, as a recipient's page does."""
    opened = await vault.open(secret_id, key, claim, password)
    async with vault.data(secret_id, claim, opened.ticket) as delivery:
        return await gathered(delivery)


async def until(met: Callable[[], object], limit: float = 15) -> None:
    """Wait until a condition of the outside world is met."""
    async with asyncio.timeout(limit):
        while not met():
            await asyncio.sleep(0.01)
