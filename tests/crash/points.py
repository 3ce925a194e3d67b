"""Where a process may end: before and after every call that changes or tells something outside.

Python's own profiler says when a C function is called and when it has returned, so that nothing
of the product or its libraries is replaced. What counts is the changes of files and what passes
between the process and Redis, in either direction. A point is the n-th time of a moment such as
"after fsync": threads and tasks change its place among the others, not whether it comes.
"""

from __future__ import annotations

import itertools
import os
import socket
import sys
import threading
from collections import defaultdict
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

CRASHED = 86  # the exit code
FILES = ("fsync", "link", "mkdir", "open", "rename", "rmdir", "symlink", "unlink", "write")
REDIS = ("recv", "send")
MOMENTS = {"c_call": "before", "c_return": "after"}

ROOT = Path(__file__).parents[2]
OURS = tuple(f"{ROOT / folder}/" for folder in ("core", "bots", "tests/crash"))

_lately: ContextVar[str] = ContextVar("lately", default="the start")  # what of ours ran in a task


class Points:
    """Counts the points of a process, and ends it at one of them."""

    def __init__(self, note: Callable[[str], None], moment: str = "", number: int = 0) -> None:
        """End at the moment's `number`-th time, or never; `note` hears first where that was."""
        self._note = note
        self._last = moment, number
        self._armed = False
        self._lock = threading.Lock()
        self._passed: defaultdict[str, list[str]] = defaultdict(list)
        self._asked = ""  # who spoke with Redis last

    def observe(self) -> None:
        """See this thread and those that it starts from now on; nothing counts yet."""
        threading.setprofile(self._see)
        sys.setprofile(self._see)

    def arm(self) -> None:
        """Let what follows count."""
        self._armed = True

    def passed(self) -> dict[str, list[str]]:
        """Count no more, and list for each moment where it came."""
        self._armed = False
        return self._passed

    def _see(self, frame: FrameType, event: str, called: Any) -> None:
        if not self._armed:
            return
        if event == "call" and _is_ours(frame):
            _lately.set(_place(frame))
        elif event in MOMENTS and _counts(called):
            self._pass(f"{MOMENTS[event]} {called.__name__}", frame)

    def _pass(self, moment: str, frame: FrameType) -> None:
        if moment.endswith("send"):
            self._asked = _lately.get()
        place = self._asked if moment.endswith(REDIS) else _place(frame)
        with self._lock:
            self._passed[moment].append(place)
            if (moment, len(self._passed[moment])) == self._last:
                self._note(f"{moment} in {place}")
                os._exit(CRASHED)


def _counts(called: Any) -> bool:
    if called.__name__ in FILES:
        return bool(called.__module__ == "posix")
    return called.__name__ in REDIS and _is_redis(called.__self__)


def _is_redis(peer: Any) -> bool:
    """Whether it is a socket with a name: the pair that wakes an event loop has none."""
    return isinstance(peer, socket.socket) and bool(peer.getpeername())


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(OURS)


def _place(innermost: FrameType) -> str:
    """Name the functions of ours that are at it, the innermost first."""
    return " of ".join(itertools.islice(dict.fromkeys(_at_work(innermost)), 4))


def _at_work(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        if _is_ours(frame):
            yield frame.f_code.co_name
        frame = frame.f_back
