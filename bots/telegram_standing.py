"""Keeps a message that shows a link true to how its secret stands."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from bots import replies
from bots import telegram_buttons as buttons
from bots.telegram_calls import insist
from core.errors import Malformed, OneTimeShareError
from core.link import Link

if TYPE_CHECKING:
    from telegram import InlineKeyboardMarkup, Message

    from bots.share import Share, Shared
    from core.link import SecretId
    from core.secret import Status

LINK = re.compile(r"https?://\S+/s/[\w-]{22}#[\w-]{43}")


def link_in(message: Message | None, secret_id: SecretId | None = None) -> str | None:
    """Find the link, of this secret or of any, that a message shows."""
    for found in LINK.finditer((message and message.text) or ""):
        with suppress(Malformed):
            if Link.parse(found[0]).id == secret_id or secret_id is None:
                return found[0]
    return None


def is_ours(message: Message) -> bool:
    """Tell whether the bot itself sent a message."""
    return message.from_user is not None and message.from_user.id == message.get_bot().id


async def edit(message: Message, text: str, markup: InlineKeyboardMarkup | None) -> None:
    """Edit a message of the bot; a courtesy that may fail."""
    with suppress(TelegramError):
        await insist(lambda: message.edit_text(text, reply_markup=markup))


class Standing:
    """Edits messages until what they show is true. It keeps no link: the message holds it."""

    def __init__(self, share: Share) -> None:
        self._vault = share.vault
        self._policy = share.policy

    async def settle(
        self, message: Message, secret_id: SecretId, owner: bytes, lifetime: str = ""
    ) -> Status:
        """Show how a secret stands, again if that changed while it was shown.

        Without a `lifetime`, in seconds, that was just chosen, the one marked stays marked.

        Raises:
            NotFound: no such secret, or not this owner's.
        """
        url = link_in(message, secret_id)
        chosen = lifetime or buttons.chosen(message.reply_markup)
        status = await self._vault.control.status(secret_id, owner)
        while True:
            markup = buttons.under_link(status, self._policy, url, chosen)
            await edit(message, replies.standing(status, url), markup)
            shown, status = status, await self._vault.control.status(secret_id, owner)
            if shown == status:
                return status

    async def catch_up(self, message: Message, shared: Shared, owner: bytes) -> None:
        """Show an end that came before it was noted where this secret's sender is told."""
        with suppress(OneTimeShareError):
            if not (await self._vault.control.status(shared.id, owner)).waiting:
                await self.settle(message, shared.id, owner)
