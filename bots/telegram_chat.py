"""What the Telegram door does in a chat: answer, show that it works, delete."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from telegram import ReplyParameters
from telegram.constants import ChatAction
from telegram.error import BadRequest, TelegramError

from bots import replies
from bots.telegram_calls import insist

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from telegram import InlineKeyboardMarkup, Message

    from bots.share import Shared

TYPING = 4.5  # seconds; "uploading…" is shown for five


async def answer(
    message: Message, text: str, markup: InlineKeyboardMarkup | None = None
) -> Message:
    """Answer a message, also one that its sender has deleted meanwhile.

    Raises:
        TelegramError: it could not be sent.
    """
    to = ReplyParameters(message.message_id, allow_sending_without_reply=True)
    return await insist(lambda: message.reply_text(text, reply_markup=markup, reply_parameters=to))


async def hand_over(
    message: Message, shared: Shared, what: str, markup: InlineKeyboardMarkup | None
) -> Message:
    """Answer a message with its link, and what its sender may do with it.

    Raises:
        TelegramError: it could not be sent, so nobody has the link.
    """
    return await answer(message, replies.sealed(shared, what), markup)


async def add(answered: Message, sentence: str) -> None:
    """Add a sentence to an answer. The link is out: this is a courtesy that may fail."""
    text = f"{answered.text}\n\n{sentence}"
    with suppress(TelegramError):
        await insist(lambda: answered.edit_text(text, reply_markup=answered.reply_markup))


async def delete(message: Message, *more: Message) -> bool:
    """Delete messages of one chat; answer whether they are gone."""
    numbers = [one.message_id for one in (message, *more)]
    try:
        if more:
            return await insist(lambda: message.chat.delete_messages(numbers))
        return await insist(message.delete)
    except BadRequest as error:
        return "not found" in error.message.lower()  # its sender was faster
    except TelegramError:
        return False


@asynccontextmanager
async def uploading(message: Message) -> AsyncIterator[None]:
    """Show that something is being done, for as long as it is."""

    async def show() -> None:
        while True:
            with suppress(TelegramError):
                await message.reply_chat_action(ChatAction.UPLOAD_DOCUMENT)
            await asyncio.sleep(TYPING)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.wait([showing])
