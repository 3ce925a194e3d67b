"""What a press under a link does: the sender decides, and the message shows how it stands."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from telegram import InlineKeyboardMarkup, Message
from telegram.error import TelegramError

from bots import replies
from bots import telegram_buttons as buttons
from bots.telegram_calls import insist
from bots.telegram_message import DOOR
from bots.telegram_password import LINK, ask
from core.errors import Gone, Malformed, NotFound, OneTimeShareError, TooLate
from core.secret import Sender

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import CallbackQuery, Update

    from bots.share import Share
    from core.link import SecretId

    Action = Callable[["Press"], Awaitable[str]]

MOST = 10  # secrets in a list
LONGEST_ANSWER = 200  # characters that a press may be answered with


class Press:
    """Who pressed what, where."""

    def __init__(self, query: CallbackQuery, share: Share) -> None:
        self._query = query
        self.action, self.secret_id, self.value = buttons.read(query.data or "")
        self.owner = share.vault.owner(Sender(DOOR, str(query.from_user.id)))

    @property
    def message(self) -> Message | None:
        """The bot's message, where Telegram still shows it to the bot."""
        return self._query.message if isinstance(self._query.message, Message) else None

    @property
    def url(self) -> str | None:
        """The link that the message shows."""
        found = LINK.search((self.message and self.message.text) or "")
        return found[0] if found else None

    async def show(self, text: str | None, markup: InlineKeyboardMarkup | None) -> None:
        """Change the message; a courtesy that may fail. Without a text only its buttons change."""
        message = self.message
        if message is None:
            return
        with suppress(TelegramError):
            if text is None:
                await insist(lambda: message.edit_reply_markup(markup))
            else:
                await insist(lambda: message.edit_text(text, reply_markup=markup))

    async def answer(self, sentence: str, *, alert: bool = False) -> None:
        """End the press, with a sentence where there is one."""
        with suppress(TelegramError):  # too old, perhaps: the message shows it
            await self._query.answer(sentence[:LONGEST_ANSWER] or None, show_alert=alert)


class Controls:
    """Handles presses."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._vault = share.vault
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
            await query.answer(replies.FAILED, show_alert=True)
            return
        try:
            sentence = await self._actions[press.action](press)
        except OneTimeShareError as error:
            await press.answer(replies.refusal(error), alert=True)
            if isinstance(error, TooLate | Gone):
                await self._refresh(press)
        else:
            await press.answer(sentence)

    async def _lifetime(self, press: Press) -> str:
        wish = timedelta(seconds=int(press.value))
        await self._vault.reschedule(press.secret_id, press.owner, wish)
        await self._refresh(press)
        return ""

    async def _ask(self, press: Press) -> str:
        await press.show(None, buttons.confirm(press.secret_id))
        return ""

    async def _revoke(self, press: Press) -> str:
        await self._vault.revoke(press.secret_id, press.owner)
        await self._refresh(press)
        return ""

    async def _keep(self, press: Press) -> str:
        if press.url is None:
            await self._show_list(press)
        else:
            await self._refresh(press)
        return ""

    async def _unlock(self, press: Press) -> str:
        await self._vault.unlock(press.secret_id, press.owner)
        await self._refresh(press)
        return replies.UNLOCKED

    async def _password(self, press: Press) -> str:
        if press.message is None or press.url is None:
            return replies.NO_LINK_HERE
        status = await self._vault.status(press.secret_id, press.owner)
        if not status.waiting:
            await self._refresh(press)
            return ""
        await ask(press.message, press.url, protected=status.protected)
        return ""

    async def _ask_in_list(self, press: Press) -> str:
        await press.show(None, buttons.confirm(press.secret_id, buttons.LISTED_SURE))
        return ""

    async def _revoke_in_list(self, press: Press) -> str:
        await self._vault.revoke(press.secret_id, press.owner)
        await self._show_list(press)
        return ""

    async def _forget(self, press: Press) -> str:
        revoked = await self._vault.forget(press.owner)
        await press.show(replies.forgotten(revoked), None)
        return ""

    async def _refresh(self, press: Press) -> None:
        """Let the message under which it was pressed show how the secret stands now."""
        status = await self._vault.status(press.secret_id, press.owner)
        if status.waiting and press.url is None:  # a short one about a lock
            await press.show(replies.state(status), None)
            return
        markup = buttons.under_link(status, self._share.policy, press.url)
        await press.show(replies.standing(status, press.url), markup)

    async def _show_list(self, press: Press) -> None:
        text, markup = await self.listed(press.owner)
        await press.show(text, markup)

    async def listed(self, owner: bytes) -> tuple[str, InlineKeyboardMarkup | None]:
        """Write a sender's list and its buttons."""
        found = (await self._vault.secrets(owner))[:MOST]
        return replies.listed(found), buttons.under_list(found)

    async def status_markup(
        self, secret_id: SecretId, owner: bytes, url: str
    ) -> InlineKeyboardMarkup | None:
        """Give the buttons under a new link; none where it is over already."""
        with suppress(NotFound):
            status = await self._vault.status(secret_id, owner)
            return buttons.under_link(status, self._share.policy, url)
        return None
