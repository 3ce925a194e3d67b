"""How far a transfer is, on one line of the terminal that is written again and again."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from core.language import _
from core.quantities import show_duration, show_size

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE = 0.1  # seconds between two looks
CLEAR = "\r\x1b[K"


class Progress:
    """Counts bytes of a `size` that may not be known. Silent where nobody watches."""

    def __init__(self, size: int | None, *, quiet: bool) -> None:
        self._size = size
        self._silent = quiet or not sys.stderr.isatty()
        self._began = self._looked = time.monotonic()
        self._done = 0
        self._drawn = False

    def add(self, count: int) -> None:
        """Count bytes that were transferred."""
        self._done += count
        if not self._silent and time.monotonic() - self._looked >= PAUSE:
            self._looked, self._drawn = time.monotonic(), True
            sys.stderr.write(f"{CLEAR}{self._line()}")
            sys.stderr.flush()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Leave the line empty after the block, for what is said next."""
        try:
            yield
        finally:
            if self._drawn:
                sys.stderr.write(CLEAR)
                sys.stderr.flush()

    @property
    def percent(self) -> int:
        """How much of it is done; rounded down, so that 100 is all of it."""
        return 100 * self._done // self._size if self._size else 0

    def _line(self) -> str:
        speed = self._done / max(time.monotonic() - self._began, PAUSE)
        told = {"done": show_size(self._done), "speed": show_size(int(speed))}
        if not self._size:
            return _("{done}, {speed} a second").format(**told)
        left = show_duration(timedelta(seconds=(self._size - self._done) / max(speed, 1)))
        sentence = _("{percent} %: {done} of {size}, {speed} a second, {left} left")
        return sentence.format(percent=self.percent, size=show_size(self._size), left=left, **told)
