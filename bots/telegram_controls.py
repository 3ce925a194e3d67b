"""What a press under a link does: the sender decides, and the message shows how it stands."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from bots import replies
from bots import telegram_buttons as buttons
from bots.refusals import refusal
from bots.requests import Requests
from bots.telegram_chat import answer
from bots.telegram_message import sender
from bots.telegram_password import ask
from bots.telegram_standing import Standing, is_ours, link_in
from bots.telegram_tap import Tap
from core.errors import Gone, Malformed, NotFound, OneTimeShareError, TooLate
from core.language import _
from core.link import Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import CallbackQuery, InlineKeyboardMarkup, Message, Update

    from bots.share import Share
    from core.link import SecretId

    Action = Callable[["Press"], Awaitable[str]]

MOST = 10  # secrets in a list


class Press(Tap):
    """Who pressed what, where."""

    def __init__(self, query: CallbackQuery, share: Share) -> None:
        super().__init__(query, share)
        self.action, self.secret_id, self.value = buttons.read(query.data or "")

    @property
    def holder(self) -> Message | None:
        """The message that shows the link: the one that was pressed, or that it answers."""
        for message in (self.message, self.message and self.message.reply_to_message):
            if message is not None and link_in(message, self.secret_id) is not None:
                return message
        return None

    async def ask(self, sure: str) -> None:
        """Let its buttons ask whether it is meant; a courtesy that may fail."""
        if self.message is not None:
            chosen = buttons.chosen(self.message.reply_markup)
            await self.offer(buttons.confirm(self.secret_id, sure, chosen))


class Controls:
    """Handles presses."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._vault = share.vault
        self._standing = Standing(share)
        self._actions: dict[str, Action] = {
            buttons.LIFETIME: self._lifetime,
            buttons.REVOKE: self._ask,
            buttons.SURE: self._revoke,
            buttons.KEEP: self._keep,
            buttons.UNLOCK: self._unlock,
            buttons.PASSWORD: self._password,
            buttons.LISTED: self._ask_in_list,
            buttons.LISTED_SURE: self._revoke_in_list,
            buttons.FORGET_SURE: self._forget,
        }

    async def press(self, update: Update, _context: object) -> None:
        """Do what a button says, for whoever shared the secret."""
        query = update.callback_query
        if query is None:
            return
        try:
            press = Press(query, self._share)
        except Malformed:  # of a version that had other buttons
            await query.answer(_(replies.OLD_BUTTON), show_alert=True)
            return
        try:
            sentence = await self._actions[press.action](press)
        except OneTimeShareError as error:
            await press.answer(refusal(error), alert=True)
            if isinstance(error, TooLate | Gone):
                await self._show_truth(press)
        else:
            await press.answer(sentence)

    async def _lifetime(self, press: Press) -> str:
        wish = timedelta(seconds=int(press.value))
        await self._vault.control.reschedule(press.secret_id, press.owner, wish)
        await self._refresh(press, press.value)
        return ""

    async def _ask(self, press: Press) -> str:
        await press.ask(buttons.SURE)
        return ""

    async def _revoke(self, press: Press) -> str:
        await self._vault.control.revoke(press.secret_id, press.owner)
        await self._refresh(press)
        return ""

    async def _keep(self, press: Press) -> str:
        await self._show_truth(press)
        return ""

    async def _unlock(self, press: Press) -> str:
        await self._vault.control.unlock(press.secret_id, press.owner)
        await self._refresh(press)
        return _(replies.UNLOCKED)

    async def _password(self, press: Press) -> str:
        url = link_in(press.message, press.secret_id)
        if press.message is None or url is None:
            return _(replies.NO_LINK_HERE)
        status = await self._vault.control.status(press.secret_id, press.owner)
        if not status.waiting:
            await self._refresh(press)
            return ""
        await ask(press.message, url, protected=status.protected)
        return ""

    async def _ask_in_list(self, press: Press) -> str:
        await press.ask(buttons.LISTED_SURE)
        return ""

    async def _revoke_in_list(self, press: Press) -> str:
        await self._vault.control.revoke(press.secret_id, press.owner)
        await self._show_list(press)
        return ""

    async def _forget(self, press: Press) -> str:
        await Requests(self._share).forget(press.owner)
        revoked = await self._vault.control.forget(press.owner)
        await press.show(replies.forgotten(revoked))
        return ""

    async def _refresh(self, press: Press, lifetime: str = "") -> None:
        """Let the link's message, and the one that was pressed, show how the secret stands now."""
        holder, secret_id, owner = press.holder, press.secret_id, press.owner
        if holder is not None:
            status = await self._standing.settle(holder, secret_id, owner, lifetime)
        else:
            status = await self._vault.control.status(secret_id, owner)
        if press.message is not holder:  # a short one, about a lock, or a question
            told = replies.state(status) if status.waiting else replies.standing(status, None)
            await press.show(told)

    async def _show_truth(self, press: Press) -> None:
        lists = {buttons.KEEP, buttons.LISTED, buttons.LISTED_SURE}
        if press.holder is None and press.action in lists:
            await self._show_list(press)
        else:
            await self._refresh(press)

    async def ask(self, message: Message) -> None:
        """Ask, for a message with a link, whether to revoke; without one, show the list.

        Raises:
            TelegramError: it could not be sent.
            Unavailable: Redis does not answer.
        """
        holder = message.reply_to_message
        url = link_in(holder) if holder is not None and is_ours(holder) else None
        if holder is not None and url is not None:
            await answer(holder, _(replies.REVOKE_IT), buttons.confirm(Link.parse(url).id))
        else:
            await answer(message, *await self.listed(self._vault.owner(sender(message))))

    async def _show_list(self, press: Press) -> None:
        text, markup = await self.listed(press.owner)
        await press.show(text, markup)

    async def listed(self, owner: bytes) -> tuple[str, InlineKeyboardMarkup | None]:
        """Write a sender's list and its buttons."""
        found = (await self._vault.control.secrets(owner))[:MOST]
        return replies.listed(found), buttons.under_list(found)

    async def status_markup(
        self, secret_id: SecretId, owner: bytes, url: str
    ) -> InlineKeyboardMarkup | None:
        """Give the buttons under a new link; none where it is over already."""
        with suppress(NotFound):
            status = await self._vault.control.status(secret_id, owner)
            policy = self._share.policy
            lifetime = str(round(policy.default_lifetime.total_seconds()))
            return buttons.under_link(status, policy, url, lifetime)
        return None
