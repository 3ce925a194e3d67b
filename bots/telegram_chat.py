"""What the Telegram door does in a chat: answer, show that it works, delete."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.constants import ChatAction, InlineKeyboardButtonLimit
from telegram.error import BadRequest, TelegramError

from bots import replies
from bots.telegram_calls import insist

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from telegram import Message

    from bots.share import Shared

TYPING = 4.5  # seconds; "uploading…" is shown for five


async def answer(
    message: Message, text: str, button: InlineKeyboardButton | None = None
) -> Message:
    """Answer a message, also one that its sender has deleted meanwhile.

    Raises:
        TelegramError: it could not be sent.
    """
    buttons = None if button is None else InlineKeyboardMarkup([[button]])
    to = ReplyParameters(message.message_id, allow_sending_without_reply=True)
    return await insist(lambda: message.reply_text(text, reply_markup=buttons, reply_parameters=to))


async def hand_over(message: Message, shared: Shared, what: str) -> Message:
    """Answer a message with its link.

    Raises:
        TelegramError: it could not be sent, so nobody has the link.
    """
    button = None
    if len(shared.url) <= InlineKeyboardButtonLimit.MAX_COPY_TEXT:
        button = InlineKeyboardButton(replies.COPY, copy_text=CopyTextButton(shared.url))
    return await answer(message, replies.sealed(shared, what), button)


async def add(answered: Message, sentence: str) -> None:
    """Add a sentence to an answer. The link is out: this is a courtesy that may fail."""
    text = f"{answered.text}\n\n{sentence}"
    with suppress(TelegramError):
        await insist(lambda: answered.edit_text(text, reply_markup=answered.reply_markup))


async def delete(message: Message) -> bool:
    """Delete a message; answer whether it is gone."""
    try:
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
