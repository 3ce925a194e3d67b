"""How much of a transfer is in memory, alone and among many."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from core import stream
from core.batches import Batches
from tests.contents import pieces


@pytest.mark.parametrize(("transfers", "chunks"), [(1, 4), (16, 4), (32, 2), (64, 1), (1000, 1)])
async def test_many_transfers_have_small_batches(transfers: int, chunks: int) -> None:
    """Among many, the same blob comes in smaller pieces; alone again, in large ones."""
    batches, plain, key = Batches(), bytes(12 * stream.CHUNK), bytes(16)

    async def sealed() -> list[bytes]:
        content = pieces(plain)
        sealing = stream.seal(key, content, nonce=key, chunks=batches.chunks)
        return [piece async for piece in sealing]

    alone = await sealed()
    with ExitStack() as others:
        for _ in range(transfers):
            others.enter_context(batches.transfer())
        found = await sealed()
    assert max(map(len, found)) <= stream.NONCE + chunks * stream.SEALED_CHUNK
    assert b"".join(found) == b"".join(alone)
    assert len(await sealed()) == len(alone) == 3
