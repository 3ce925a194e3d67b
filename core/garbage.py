"""Garbage: how often Python looks for cycles, and when unused memory goes back to the system.

It looks seldom, as a request leaves few cycles behind. By default it looks after every 700 new
objects, and again and again at all that was made at the start: that took 4 % of what creating
costs, and 13 % of opening.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
from contextlib import suppress

YOUNG = 20_000  # new objects between two looks
OLDER, OLDEST = 20, 100  # looks at the young, or at those, until the next generation's turn
EVERY = (
    60.0  # seconds until unused memory goes back; that takes 0.2 ms, and 13 ms after many transfers
)


def collect_seldom() -> None:
    """Take what is there now out of all looks, and space them out.

    Once, at the start: cycles that are left later, and are taken out, never go.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDEST)


async def give_back() -> None:
    """Give memory that many transfers left unused back to the system; glibc would keep it."""
    with suppress(AttributeError):  # only glibc has it
        trim = ctypes.CDLL(None).malloc_trim
        while True:
            await asyncio.sleep(EVERY)
            await asyncio.to_thread(trim, 0)
