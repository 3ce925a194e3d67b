"""Calls of the same moment, done together: one round trip or one fsync serves them all.

While a group is under way, the next one gathers: the busier it gets, the less each call costs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

C = TypeVar("C")
A = TypeVar("A")

MOST = 256  # calls in one group


class Together(Generic[C, A]):
    """Gathers calls into groups, of which a few are under way at once."""

    def __init__(
        self, do: Callable[[Sequence[C]], Awaitable[Sequence[A | Exception]]], *, at_once: int = 1
    ) -> None:
        """Take what does a group: it answers each call, in order, with a value or an error."""
        self._do = do
        self._at_once = at_once
        self._waiting: list[tuple[C, asyncio.Future[A]]] = []
        self._gathering = False
        self._groups: set[asyncio.Task[None]] = set()

    async def __call__(self, call: C) -> A:
        """Have a call done; giving up waiting for it does not stop it."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, answer))
        self._gather()
        return await answer

    def _gather(self) -> None:
        if self._waiting and not self._gathering and len(self._groups) < self._at_once:
            self._gathering = True  # until the task starts, whoever comes joins it
            group = asyncio.create_task(self._set_out())
            self._groups.add(group)
            group.add_done_callback(self._came_back)

    async def _set_out(self) -> None:
        self._gathering = False
        group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        answers: Sequence[A | Exception]
        try:
            answers = await self._do([call for call, _ in group])
        except Exception as error:  # noqa: BLE001 - each caller is told, and none is cancelled
            answers = [error] * len(group)
        except BaseException:
            for _, answer in group:
                answer.cancel()
            raise
        for (_, answer), told in zip(group, answers, strict=True):
            if answer.done():
                continue
            if isinstance(told, Exception):
                answer.set_exception(told)
            else:
                answer.set_result(told)

    def _came_back(self, group: asyncio.Task[None]) -> None:
        self._groups.discard(group)
        self._gather()

    async def aclose(self) -> None:
        """Wait for what is under way."""
        while self._groups:
            await asyncio.wait(self._groups)
