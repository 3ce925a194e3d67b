"""A press of a button in Telegram: the message under which it was pressed, and its answer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from telegram import Message
from telegram.error import TelegramError

from bots.telegram_calls import insist
from bots.telegram_message import DOOR
from bots.telegram_standing import edit
from core.secret import Sender

if TYPE_CHECKING:
    from telegram import CallbackQuery, InlineKeyboardMarkup

    from bots.share import Share

LONGEST_ANSWER = 200  # characters that a press may be answered with


class Tap:
    """Who pressed, and where."""

    def __init__(self, query: CallbackQuery, share: Share) -> None:
        self._query = query
        self.owner = share.vault.owner(Sender(DOOR, str(query.from_user.id)))

    @property
    def message(self) -> Message | None:
        """The bot's message, where Telegram still shows it to the bot."""
        return self._query.message if isinstance(self._query.message, Message) else None

    @property
    def text(self) -> str:
        """What the message says."""
        return (self.message and self.message.text) or ""

    async def show(self, text: str, markup: InlineKeyboardMarkup | None = None) -> None:
        """Change the message; a courtesy that may fail."""
        if self.message is not None:
            await edit(self.message, text, markup)

    async def offer(self, markup: InlineKeyboardMarkup) -> None:
        """Change its buttons alone; a courtesy that may fail."""
        message = self.message
        if message is not None:
            with suppress(TelegramError):
                await insist(lambda: message.edit_reply_markup(markup))

    async def answer(self, sentence: str, *, alert: bool = False) -> None:
        """End the press, with a sentence where there is one."""
        with suppress(TelegramError):  # too old, perhaps: the message shows it
            await self._query.answer(sentence[:LONGEST_ANSWER] or None, show_alert=alert)
