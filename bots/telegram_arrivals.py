"""How the link of what was handed in comes into a Telegram chat: a message of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from telegram import ReplyParameters
from telegram.error import TelegramError

from bots import replies, request_replies
from bots import telegram_buttons as buttons
from bots.telegram_calls import insist, reachable
from bots.telegram_pacing import NOTICE
from core.invitation import Standing

if TYPE_CHECKING:
    from telegram import Message
    from telegram.ext import ExtBot

    from bots.deliveries import Arrival
    from core.policy import Policy
    from core.secret import SenderRef


class Bringer:
    """Brings links."""

    def __init__(self, bot: ExtBot[Any], policy: Policy) -> None:
        self._bot = bot
        self._policy = policy

    async def __call__(self, arrival: Arrival) -> SenderRef:
        """Send the link, and let the message that asked say that it was used.

        Raises:
            Unreachable: they blocked the bot, or the chat is gone.
            TelegramError: it is to be sent again later.
        """
        with reachable():
            sent = await self._send(arrival)
        if arrival.ref.message:
            with suppress(TelegramError):  # a courtesy: its page says so too
                await self._close(arrival.ref)
        return replace(arrival.ref, message=str(sent.message_id), more={})

    async def _send(self, arrival: Arrival) -> Message:
        to, ref = None, arrival.ref
        if ref.message:
            to = ReplyParameters(int(ref.message), allow_sending_without_reply=True)
        text = request_replies.arrived(
            arrival, arrival.url, replies.until(arrival.status.expires_at)
        )
        markup = buttons.under_link(arrival.status, self._policy, arrival.url)
        return await insist(
            lambda: self._bot.send_message(
                ref.chat, text, reply_parameters=to, reply_markup=markup, rate_limit_args=NOTICE
            )
        )

    async def _close(self, ref: SenderRef) -> None:
        text, number = request_replies.over(Standing.USED), int(ref.message)
        await insist(
            lambda: self._bot.edit_message_text(
                text, chat_id=ref.chat, message_id=number, rate_limit_args=NOTICE
            )
        )
