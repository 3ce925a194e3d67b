"""Updates of Telegram, each confirmed only when it has been handled."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING

import structlog
from telegram import Update
from telegram.error import TelegramError

from bots.telegram_calls import patiently

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import Bot

log = structlog.get_logger()

AT_ONCE = 64  # updates at work: a slow file holds up nobody
WINDOW = 100  # updates that one poll tells at most
LONG_POLL = 50  # seconds that Telegram waits for news
ALLOWED = [Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY]
SHORT_POLL = 0.5  # seconds between polls while unconfirmed updates end each at once


class Intake:
    """Polls, and starts a task for each update.

    Telegram forgets what lies before the offset of a poll and tells the rest again. So the offset
    stays at the oldest update at work, and what a crash or a stop cuts short is told after the
    next start. Only when everything else in the window behind it is done is an update confirmed
    unfinished: it may not hold up the others.
    """

    def __init__(
        self,
        bot: Bot,
        handle: Callable[[Update], Awaitable[None]],
        contact: Callable[[], None],
    ) -> None:
        """Take what handles an update, and `contact`, which is told whenever Telegram answered."""
        self._bot = bot
        self._contact = contact
        self._handle = handle
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by update id, until confirmed
        self._next = 0  # follows the newest update that was started

    async def run(self) -> None:
        """Poll until cancelled. A webhook of before gives way: they exclude each other.

        Raises:
            DoorClosed: Telegram refuses the token.
        """
        await patiently(self._bot.delete_webhook)
        while True:
            started = await patiently(self._poll)
            running = self._running()
            if running and not started:
                await asyncio.wait(running, timeout=SHORT_POLL, return_when=asyncio.FIRST_COMPLETED)

    async def finish(self, limit: float) -> None:
        """Let what runs end within `limit` seconds, stop the rest, confirm what was handled."""
        if not self._next:
            return
        if running := self._running():
            _, late = await asyncio.wait(running, timeout=limit)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        with suppress(TelegramError):  # else it is told again, and known as handled
            await self._bot.get_updates(offset=self._confirmable()[0], limit=1)

    def _running(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks.values() if not task.done()]

    async def _poll(self) -> bool:
        """Ask for updates once; answer whether one was started."""
        offset, confirmed = self._confirmable()
        told = await self._bot.get_updates(
            offset=offset, limit=WINDOW, timeout=LONG_POLL, allowed_updates=ALLOWED
        )
        self._contact()
        for number in confirmed:
            del self._tasks[number]
        started = False
        for update in told:
            number = update.update_id
            if number in self._tasks:
                continue
            if len(self._running()) >= AT_ONCE:
                break  # the rest stays with Telegram
            self._tasks[number] = asyncio.create_task(self._start(update))
            self._next = number + 1
            started = True
        return started

    def _confirmable(self) -> tuple[int, list[int]]:
        """Answer the next poll's offset, and the handled updates that it confirms."""
        before = list(takewhile(lambda number: _is_handled(self._tasks[number]), self._tasks))
        behind = list(self._tasks)[len(before) :]
        if not behind or len(behind) >= WINDOW:
            handled = [number for number, task in self._tasks.items() if _is_handled(task)]
            return self._next, handled
        return behind[0], before

    async def _start(self, update: Update) -> None:
        try:
            await self._handle(update)
        except Exception as error:  # noqa: BLE001 - one update's fault is not the others'
            log.error("telegram update failed", error=type(error).__name__)  # noqa: TRY400 - a traceback prints values


def _is_handled(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled()
