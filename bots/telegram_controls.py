"""What a press under a link does: the sender decides, and the message shows how it stands."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from bots import replies
from bots import telegram_buttons as buttons
from bots.requests import Requests
from bots.telegram_password import LINK, ask
from bots.telegram_tap import Tap
from core.errors import Gone, Malformed, NotFound, OneTimeShareError, TooLate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import CallbackQuery, InlineKeyboardMarkup, Update

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
    def url(self) -> str | None:
        """The link that the message shows."""
        found = LINK.search(self.text)
        return found[0] if found else None


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
        await Requests(self._share).forget(press.owner)
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
