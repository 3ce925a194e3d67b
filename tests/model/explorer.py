"""Breadth-first over everything that can happen, in every order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

W = TypeVar("W", bound="Hashable")


class Broken(AssertionError):
    """A promise that does not hold, and the shortest way there."""

    def __init__(self, promise: str, way: list[str]) -> None:
        super().__init__(f"{promise} is broken by: {' · '.join(way)}")
        self.promise = promise
        self.way = way


@dataclass(frozen=True, slots=True)
class Explored(Generic[W]):
    """How much was looked at."""

    states: int
    transitions: int


def explore(
    start: W,
    moves: Callable[[W], Iterable[tuple[str, W]]],
    broken: Callable[[W], str | None],
) -> Explored[W]:
    """Visit every state once.

    Args:
        start: the first state.
        moves: what can happen in a state: a name, and the state after it.
        broken: names a promise that does not hold in a state.

    Raises:
        Broken: with the shortest way to a state that breaks a promise.
    """
    came_from: dict[W, tuple[W, str] | None] = {start: None}
    queue = deque([start])
    transitions = 0
    while queue:
        state = queue.popleft()
        promise = broken(state)
        if promise is not None:
            raise Broken(promise, _way(came_from, state))
        for name, after in moves(state):
            transitions += 1
            if after not in came_from:
                came_from[after] = state, name
                queue.append(after)
    return Explored(len(came_from), transitions)


def _way(came_from: dict[W, tuple[W, str] | None], state: W) -> list[str]:
    way: list[str] = []
    while (step := came_from[state]) is not None:
        state, name = step
        way.append(name)
    return way[::-1]
