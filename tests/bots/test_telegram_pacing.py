"""The Telegram bot speaks within the platform's limits, and no chat waits for another's trouble."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from telegram.error import RetryAfter
from telegram.ext import ExtBot

from bots.telegram_pacing import NOTICE, Pacing
from tests.contents import until
from tests.fakes.telegram import TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.telegram import FakeTelegram


@pytest.fixture
async def paced(telegram: FakeTelegram) -> AsyncIterator[ExtBot[str]]:
    """Give the library's bot with our pacing, in a world that has three chats."""
    for chat in (1, 2, 3):
        telegram.say(chat, text="x")
    bot = ExtBot(TOKEN, base_url=f"{telegram.url}/bot", rate_limiter=Pacing())
    async with bot:
        yield bot


async def test_burst_of_notices_leaves_room_for_answers(
    telegram: FakeTelegram, paced: ExtBot[str]
) -> None:
    """An answer goes out before most of the notices that wait, and these keep to the limit."""
    notices = [
        asyncio.create_task(paced.send_message(1, f"notice {number}", rate_limit_args=NOTICE))
        for number in range(60)
    ]
    await until(lambda: telegram.sent)
    await paced.send_message(2, "the answer")
    before = [one["text"] for one in telegram.sent].index("the answer")
    for notice in notices:
        notice.cancel()
    await asyncio.wait(notices)
    assert before < 30


async def test_pause_in_one_chat_holds_up_no_other(
    telegram: FakeTelegram, paced: ExtBot[str]
) -> None:
    """Where Telegram asks to wait, that chat waits, also its next message, and the rest goes on."""
    telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    began = time.monotonic()
    waiting = asyncio.create_task(paced.send_message(1, "first"))
    pacing = paced.rate_limiter
    assert isinstance(pacing, Pacing)
    await until(lambda: pacing._pauses)
    await paced.send_message(2, "elsewhere")
    assert [one["text"] for one in telegram.sent] == ["elsewhere"]
    await asyncio.gather(waiting, paced.send_message(1, "second"))
    assert time.monotonic() - began >= 1
    assert len(telegram.called("sendMessage")) == 4


async def test_notice_that_would_wait_long_is_left_for_later(
    telegram: FakeTelegram, paced: ExtBot[str]
) -> None:
    """A chat that is paused for long gets no further call, and holds up no batch of notices."""
    telegram.refuse("sendMessage", 429, "Too Many Requests: retry after 60", retry_after=60)
    for _ in range(2):
        with pytest.raises(RetryAfter):
            await paced.send_message(3, "notice", rate_limit_args=NOTICE)
    assert len(telegram.called("sendMessage")) == 1
