"""How fast the bot speaks: within Telegram's limits, and no chat waits for another's trouble."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiolimiter import AsyncLimiter
from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

NOTICE = "notice"  # what a call says of itself when nobody waits for it in the chat
A_SECOND = 30  # messages that a bot may send in all
NOTICES_A_SECOND = 20  # of these, so that a burst of receipts leaves room for answers
PATIENCE = 300.0  # seconds that an answer waits at most when Telegram asks for a pause
NOTICE_PATIENCE = 5.0  # seconds that a notice does; it is told again later
MARGIN = 0.1  # seconds more than Telegram asks for


class Pacing(BaseRateLimiter[str]):
    """The library's limiter of calls.

    The one that comes with the library lets every chat wait when Telegram asks for a pause in
    one, and a burst of notices go before the answer that somebody waits for.
    """

    def __init__(self) -> None:
        self._all = AsyncLimiter(A_SECOND, 1)
        self._notices = AsyncLimiter(NOTICES_A_SECOND, 1)
        self._pauses: dict[object, float] = {}  # until when a chat gets nothing, by its id

    async def initialize(self) -> None:
        """There is nothing to open."""

    async def shutdown(self) -> None:
        """There is nothing to close."""

    async def process_request(  # noqa: PLR0913, PLR0917 - the library's signature
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,  # noqa: ANN401 - same
        kwargs: dict[str, Any],
        endpoint: str,  # noqa: ARG002 - same
        data: dict[str, Any],
        rate_limit_args: str | None,
    ) -> Any:  # noqa: ANN401 - same
        """Make a call when it may be made, and again when Telegram asks to wait.

        Raises:
            RetryAfter: that would last too long.
        """
        chat, notice = str(data.get("chat_id", "")), rate_limit_args == NOTICE
        end = time.monotonic() + (NOTICE_PATIENCE if notice else PATIENCE)
        while True:
            await self._wait(chat, end)
            if chat and notice:
                await self._notices.acquire()
            if chat:
                await self._all.acquire()
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as asked:
                self._pause(chat, asked)

    async def _wait(self, chat: str, end: float) -> None:
        while (pause := self._pauses.get(chat, 0) - time.monotonic()) > 0:
            if time.monotonic() + pause > end:
                raise RetryAfter(round(pause) + 1)
            await asyncio.sleep(pause)

    def _pause(self, chat: str, asked: RetryAfter) -> None:
        now, pause = time.monotonic(), asked.retry_after
        seconds = pause.total_seconds() if isinstance(pause, timedelta) else pause
        self._pauses = {which: until for which, until in self._pauses.items() if until > now}
        self._pauses[chat] = now + seconds + MARGIN
