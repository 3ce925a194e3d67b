"""How long a process takes to end, once it was told to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from core.errors import Malformed
from core.quantities import parse_duration

if TYPE_CHECKING:
    from core.form import Form

LONGEST = timedelta(hours=1)
NO_DELAY, BEHIND_A_PROXY, PATIENCE = 0.0, 5.0, 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Stop:
    """Both in seconds.

    `delay`: it goes on as before and says that it is not ready, until nobody sends it requests any
    more. `timeout`: what still runs then may end within that time.
    """

    delay: float = NO_DELAY
    timeout: float = PATIENCE

    @classmethod
    def read(cls, form: Form, *, proxy: bool) -> Stop:
        """Read a form; where a proxy stands before us, it needs time to find another process."""
        return cls(
            form.get("STOP_DELAY", _pause, BEHIND_A_PROXY if proxy else NO_DELAY),
            # aiohttp takes 0 for no limit.
            form.get("STOP_TIMEOUT", partial(_pause, least=1), PATIENCE),
        )


def _pause(text: str, *, least: int = 0) -> float:
    with suppress(Malformed):
        if timedelta(seconds=least) <= (pause := parse_duration(text)) <= LONGEST:
            return pause.total_seconds()
    raise ValueError(f"write a duration from {least}s to 1h")
