"""What a press under a request's link does, and under the list of those that wait."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bots import replies, request_replies
from bots import telegram_request_buttons as buttons
from bots.refusals import refusal
from bots.requests import Requests
from bots.telegram_arrivals import Bringer
from bots.telegram_tap import Tap
from core.errors import Closed, Malformed, NotFound, OneTimeShareError, Unavailable
from core.language import _

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import CallbackQuery, Update
    from telegram.ext import CallbackContext, ExtBot

    from bots.share import Share

    Action = Callable[["Press"], Awaitable[None]]

LINK = re.compile(r"https?://\S+/r/[\w-]{22}#[\w-]{43}")


class Press(Tap):
    """Who pressed what, where, about which request."""

    def __init__(self, query: CallbackQuery, share: Share, bot: ExtBot[Any]) -> None:
        super().__init__(query, share)
        self.bot = bot
        self.action, self.name = buttons.read(query.data or "")

    @property
    def url(self) -> str | None:
        """The request's link, which the message shows."""
        found = LINK.search(self.text)
        return found[0] if found else None


class RequestPresses:
    """Does what a button says, for whoever asked."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._requests = Requests(share)
        self._actions: dict[str, Action] = {
            buttons.REVOKE: self._ask,
            buttons.SURE: self._revoke,
            buttons.KEEP: self._refresh,
            buttons.LISTED: self._ask_in_list,
            buttons.LISTED_SURE: self._revoke_in_list,
            buttons.LISTED_KEEP: self._list,
            buttons.SHOW: self._show,
        }

    async def press(self, update: Update, context: CallbackContext[Any, Any, Any, Any]) -> None:
        """Handle one press."""
        query = update.callback_query
        if query is None:
            return
        try:
            press = Press(query, self._share, context.bot)
        except Malformed:  # of a version that had other buttons
            await query.answer(_(replies.OLD_BUTTON), show_alert=True)
            return
        try:
            await self._actions[press.action](press)
        except OneTimeShareError as error:
            await press.answer(refusal(error), alert=True)
        else:
            await press.answer("")

    async def _ask(self, press: Press) -> None:
        question = buttons.confirm(press.name, buttons.SURE, buttons.KEEP)
        await press.offer(question)

    async def _revoke(self, press: Press) -> None:
        with suppress(Closed):  # the message says what became of it
            await self._requests.revoke(press.owner, press.name)
        await self._refresh(press)

    async def _refresh(self, press: Press) -> None:
        seen = await self._requests.look(press.owner, press.name)
        if seen.open:
            markup = buttons.under_request(press.name, press.url, seen.asking.purpose)
            await press.offer(markup)
        else:
            await press.show(request_replies.over(seen.standing))

    async def _ask_in_list(self, press: Press) -> None:
        question = buttons.confirm(press.name, buttons.LISTED_SURE, buttons.LISTED_KEEP)
        await press.offer(question)

    async def _revoke_in_list(self, press: Press) -> None:
        with suppress(Closed):  # the list no longer has it
            await self._requests.revoke(press.owner, press.name)
        await self._list(press)

    async def _list(self, press: Press) -> None:
        found = await self._requests.waiting(press.owner)
        text = request_replies.waiting(found, replies.until)
        await press.show(text, buttons.under_list(found))

    async def _show(self, press: Press) -> None:
        """Bring the link of what could not be brought when it came."""
        bring = Bringer(press.bot, self._share.policy)
        with suppress(NotFound):  # it came meanwhile
            async with self._requests.fetch(press.owner, press.name) as arrival:
                stands = await bring(arrival)
            with suppress(Unavailable):
                await self._share.vault.control.refer(arrival.status.id, press.owner, stands)
        await self._list(press)
