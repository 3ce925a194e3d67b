"""Marks around named steps of a running server: how long each takes, and what of that is its CPU.

Time belongs to the step that was entered last and is not left yet, whichever task it runs in: with
one client there is one request at a time, so that what a step waits for is told from what it does.
The product knows nothing of it.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Name = str | Callable[..., str]  # of a step, or what makes one of a call's arguments

BETWEEN = "between requests"
_now, _cpu = time.perf_counter_ns, time.thread_time_ns


class Marks:
    """Adds up nanoseconds by step: of the clock, and of this thread's CPU."""

    def __init__(self) -> None:
        self._steps = [[BETWEEN]]  # those under way; a list each, to be told apart
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what was added up; the steps under way stay."""
        self._clock: defaultdict[str, int] = defaultdict(int)
        self._used: defaultdict[str, int] = defaultdict(int)
        self._times: defaultdict[str, int] = defaultdict(int)
        self._at, self._cpu = _now(), _cpu()

    def told(self) -> dict[str, tuple[int, int, int]]:
        """Answer, for each step: ns of the clock, ns of CPU, how often it was entered."""
        self._pass()
        return {
            name: (self._clock[name], self._used[name], self._times[name]) for name in self._clock
        }

    def _pass(self) -> None:
        at, cpu = _now(), _cpu()
        [step] = self._steps[-1]
        self._clock[step] += at - self._at
        self._used[step] += cpu - self._cpu
        self._at, self._cpu = at, cpu

    def enter(self, name: str) -> list[str]:
        self._pass()
        self._times[name] += 1
        step = [name]
        self._steps.append(step)
        return step

    def leave(self, step: list[str]) -> None:
        self._pass()
        for n in range(len(self._steps) - 1, 0, -1):
            if self._steps[n] is step:
                del self._steps[n]
                return

    def around(self, name: Name, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function, a coroutine function or an asynchronous generator."""
        named = name if callable(name) else lambda *_, **__: name
        if inspect.isasyncgenfunction(function):
            return self._around_pieces(named, function)
        if inspect.iscoroutinefunction(function):
            return self._around_coroutine(named, function)

        @functools.wraps(function)
        def marked(*args: Any, **kwargs: Any) -> Any:
            step = self.enter(named(*args, **kwargs))
            try:
                return function(*args, **kwargs)
            finally:
                self.leave(step)

        return marked

    def _around_coroutine(
        self, named: Callable[..., str], function: Callable[..., Any]
    ) -> Callable[..., Any]:
        @functools.wraps(function)
        async def marked(*args: Any, **kwargs: Any) -> Any:
            step = self.enter(named(*args, **kwargs))
            try:
                return await function(*args, **kwargs)
            finally:
                self.leave(step)

        return marked

    def _around_pieces(
        self, named: Callable[..., str], function: Callable[..., Any]
    ) -> Callable[..., Any]:
        """Mark what makes each piece, and not what becomes of it."""

        @functools.wraps(function)
        async def marked(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            pieces = function(*args, **kwargs)
            try:
                while True:
                    step = self.enter(named(*args, **kwargs))
                    try:
                        piece = await anext(pieces)
                    except StopAsyncIteration:
                        return
                    finally:
                        self.leave(step)
                    yield piece
            finally:
                await pieces.aclose()

        return marked
