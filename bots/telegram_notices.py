"""How a sender in Telegram is told: the message with the link changes, and a short one notifies."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from telegram import InlineKeyboardMarkup, ReplyParameters
from telegram.error import BadRequest

from bots import replies
from bots import telegram_buttons as buttons
from bots.telegram_calls import insist, reachable
from bots.telegram_pacing import NOTICE, NOTICE_PATIENCE
from bots.telegram_standing import Standing, link_in
from core.errors import OneTimeShareError
from core.receipts import ENDS, Event

if TYPE_CHECKING:
    from telegram import Message
    from telegram.ext import ExtBot

    from bots.share import Share
    from core.receipts import Receipt
    from core.secret import SenderRef


class Teller:
    """Tells receipts."""

    def __init__(self, bot: ExtBot[Any], share: Share) -> None:
        self._bot = bot
        self._standing = Standing(share)

    async def __call__(self, receipt: Receipt, ref: SenderRef) -> None:
        """Tell a sender of one event.

        Raises:
            Unreachable: they blocked the bot, or the chat is gone.
            TelegramError: it is to be told again later.
        """
        message = int(ref.message) if ref.message else None
        with reachable():
            if message is not None and receipt.event in ENDS:
                await self._edit(ref, message, replies.ended(receipt))
            # Who revokes knows it; and a link that could not be handed over was nobody's.
            if receipt.event is not Event.REVOKED:
                told = await self._notify(receipt, ref, message)
                await self._show(receipt, told.reply_to_message)

    async def _edit(self, ref: SenderRef, message: int, text: str) -> None:
        try:
            await insist(
                lambda: self._bot.edit_message_text(
                    text, chat_id=ref.chat, message_id=message, rate_limit_args=NOTICE
                )
            )
        except BadRequest as error:
            # Shown so already, deleted by its sender, or too old: the short message tells it.
            if not any(word in error.message.lower() for word in ("not modified", "message")):
                raise

    async def _show(self, receipt: Receipt, holder: Message | None) -> None:
        """Let the message with the link of a secret that waits on show its lock.

        Nobody keeps the link; but Telegram tells, with ours, the message that ours answers.
        """
        if holder is None or receipt.event not in {Event.LOCKED, Event.HELD}:
            return
        if link_in(holder, receipt.secret_id) is not None:
            with suppress(OneTimeShareError, TimeoutError):
                async with asyncio.timeout(NOTICE_PATIENCE):
                    await self._standing.settle(holder, receipt.secret_id, receipt.owner)

    async def _notify(self, receipt: Receipt, ref: SenderRef, message: int | None) -> Message:
        to = None
        if message is not None:
            to = ReplyParameters(message, allow_sending_without_reply=True)
        markup = None
        if receipt.event is Event.LOCKED:
            markup = InlineKeyboardMarkup([[buttons.unlock(receipt.secret_id)]])
        return await insist(
            lambda: self._bot.send_message(
                ref.chat,
                replies.notice(receipt),
                reply_parameters=to,
                reply_markup=markup,
                rate_limit_args=NOTICE,
            )
        )
