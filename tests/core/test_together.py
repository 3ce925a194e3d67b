"""Calls of the same moment are done together, and each gets its own answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.together import MOST, Together

if TYPE_CHECKING:
    from collections.abc import Sequence


class Doing:
    """Does groups when it is let; odd numbers fail."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.let = asyncio.Event()

    async def __call__(self, group: Sequence[int]) -> list[int | Exception]:
        self.groups.append(list(group))
        await self.let.wait()
        return [ValueError(n) if n % 2 else n * 10 for n in group]


async def test_whoever_comes_meanwhile_makes_the_next_group() -> None:
    """A first call goes at once; those that come while it is under way share the next trip."""
    doing = Doing()
    together = Together(doing)
    calls = [asyncio.create_task(together(0))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    calls += [asyncio.create_task(together(n)) for n in range(1, 6)]
    await asyncio.sleep(0)
    doing.let.set()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert doing.groups == [[0], [1, 2, 3, 4, 5]]
    assert [answer for answer in answers if not isinstance(answer, Exception)] == [0, 20, 40]
    assert [str(answer) for answer in answers if isinstance(answer, Exception)] == ["1", "3", "5"]


async def test_giving_up_does_not_stop_the_others() -> None:
    """A caller that is cancelled leaves its call in the group; the others are answered."""
    doing = Doing()
    together = Together(doing)
    first, second = asyncio.create_task(together(2)), asyncio.create_task(together(4))
    while not doing.groups:
        await asyncio.sleep(0)
    first.cancel()
    doing.let.set()
    assert await second == 40
    with pytest.raises(asyncio.CancelledError):
        await first
    await together.aclose()


async def test_groups_are_bounded() -> None:
    """However many wait, a group holds only so many, and nobody is left behind."""
    doing = Doing()
    doing.let.set()
    together = Together(doing)
    calls = [together(2 * n) for n in range(2 * MOST + 1)]
    assert await asyncio.gather(*calls) == [20 * n for n in range(2 * MOST + 1)]
    assert max(len(group) for group in doing.groups) == MOST


async def test_fault_is_an_error_for_everybody_and_no_cancellation() -> None:
    """What nobody foresaw is told to each caller of the group; none takes it for its own end."""

    async def broken(_: Sequence[int]) -> Sequence[int | Exception]:
        raise RuntimeError

    together = Together(broken)
    answers = await asyncio.gather(together(1), together(2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [RuntimeError, RuntimeError]
