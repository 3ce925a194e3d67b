"""Signals: an end in order, and a second thought where an end would lose what nobody gets again."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from client.terminal import say
from core.language import _

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from typing import Any

T = TypeVar("T")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run until it is done; a signal ends it in order, so that no half of a secret stays behind.

    Raises:
        KeyboardInterrupt, asyncio.CancelledError: a signal did.
    """

    async def until_stopped() -> T:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, _own_task().cancel)
        return await work

    return asyncio.run(until_stopped())


@contextmanager
def reluctantly() -> Iterator[None]:
    """Take Ctrl-C in the block only when it is pressed twice."""
    loop, task, pressed = asyncio.get_running_loop(), _own_task(), False

    def press() -> None:
        nonlocal pressed
        if pressed:
            task.cancel()
            return
        pressed = True
        sentence = _("If you stop now, what is not here yet is lost. Press Ctrl-C again to stop.")
        say(f"\n{sentence}")

    loop.add_signal_handler(signal.SIGINT, press)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def _own_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError
    return task
