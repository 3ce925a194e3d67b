"""How much of each transfer is in memory at once: the less, the more transfers there are."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.stream import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterator

TOGETHER = 64  # chunks in the batches of all transfers: 16 transfers have whole ones, 64 have any


class Batches:
    """Counts the transfers that run, and shares chunks out among them."""

    def __init__(self) -> None:
        self._transfers = 0

    @contextmanager
    def transfer(self) -> Iterator[None]:
        """Be one of the transfers in the block."""
        self._transfers += 1
        try:
            yield
        finally:
            self._transfers -= 1

    def chunks(self) -> int:
        """Tell how many chunks the next batch of a transfer has: one to `BATCH`."""
        return max(1, min(BATCH, TOGETHER // max(1, self._transfers)))
