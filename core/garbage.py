"""How often Python looks for cycles: seldom, as a request leaves few of them behind.

By default it looks after every 700 new objects, and again and again at all that was made at the
start: that took 4 % of what creating costs, and 13 % of opening.
"""

from __future__ import annotations

import gc

YOUNG = 20_000  # new objects between two looks
OLDER, OLDEST = 20, 100  # looks at the young, or at those, until the next generation's turn


def collect_seldom() -> None:
    """Take what is there now out of all looks, and space them out.

    Once, at the start: cycles that are left later, and are taken out, never go.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDEST)
