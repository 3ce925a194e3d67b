"""Asking in Telegram: for a secret of somebody else, or for a page that takes a large file."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from telegram.ext import CallbackQueryHandler

from bots import replies, request_replies
from bots import telegram_request_buttons as buttons
from bots.refusals import refusal
from bots.requests import Requests, Wish
from bots.telegram_chat import answer
from bots.telegram_message import DOOR, language, sender
from bots.telegram_request_presses import RequestPresses
from core.errors import Duplicate, OneTimeShareError
from core.invitation import Purpose
from core.language import _
from core.policy import LONGEST_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import TypeAlias

    from telegram import Message, Update
    from telegram.ext import CallbackContext

    from bots.requests import Asked
    from bots.share import Share

    Context: TypeAlias = CallbackContext[Any, Any, Any, Any]
    Command: TypeAlias = Callable[[Update, Context], Coroutine[Any, Any, None]]

log = structlog.get_logger()


class Asking:
    """Answers whoever asks."""

    def __init__(self, share: Share, *, uploads: bool) -> None:
        """Take whether there may be pages for large files."""
        self._share = share
        self._requests = Requests(share)
        self._uploads = uploads
        self.commands: dict[str, Command] = {"request": self.request}
        if uploads:
            self.commands["upload"] = self.upload

    def presses(self) -> CallbackQueryHandler[Any, Any]:
        """Take the presses of the buttons below what this answers."""
        return CallbackQueryHandler(RequestPresses(self._share).press, pattern=f"^{buttons.OURS}")

    async def request(self, update: Update, context: Context) -> None:
        """Give a link by which somebody may hand something in; what follows is the label."""
        if update.message is not None:
            label = " ".join(context.args or [])
            await self._ask(update.message, Purpose.REQUEST, label, _request)

    async def upload(self, update: Update, _context: Context) -> None:
        """Give a page that takes a large file of whoever asks."""
        message, most = update.message, self._share.policy.max_size
        if message is not None:
            await self._ask(
                message,
                Purpose.UPLOAD,
                _name(message),
                lambda asked: request_replies.upload(asked.url, _until(asked), most),
            )

    async def offer(self, message: Message, limit: int) -> None:
        """Give such a page instead of refusing a file of more than the platform's `limit` bytes."""
        if not self._uploads:
            await answer(message, request_replies.no_page(limit))
            return
        most = self._share.policy.max_size
        await self._ask(
            message,
            Purpose.UPLOAD,
            _name(message),
            lambda asked: request_replies.too_large_here(asked.url, _until(asked), most, limit),
        )

    async def list_waiting(self, message: Message) -> None:
        """List what waits to be handed in, where there is something."""
        found = await self._requests.waiting(self._share.vault.owner(sender(message)))
        if found:
            text = request_replies.waiting(found, replies.until)
            await answer(message, text, buttons.under_list(found))

    async def _ask(
        self, message: Message, purpose: Purpose, label: str, say: Callable[[Asked], str]
    ) -> None:
        wish = Wish(
            sender=sender(message),
            chat=str(message.chat.id),
            language=language(message),
            label=label,
            purpose=purpose,
        )
        event = f"{message.chat.id}/{message.message_id}/{purpose}"
        try:
            async with self._requests.handle(event, wish) as asked:
                markup = buttons.under_request(asked.id, asked.url, purpose)
                told = await answer(
                    message, f"{say(asked)}\n{_(request_replies.COMES_BACK)}", markup
                )
        except Duplicate:
            return
        except OneTimeShareError as error:
            log.info("refused", door=DOOR, error=type(error).__name__)
            await answer(message, refusal(error))
            return
        with suppress(OneTimeShareError):  # a courtesy: else what comes is no reply to this
            owner = self._share.vault.owner(wish.sender)
            await self._requests.note(owner, asked.id, wish.ref(str(told.message_id)))


def _request(asked: Asked) -> str:
    return request_replies.asked(asked.url, _until(asked), asked.label)


def _until(asked: Asked) -> str:
    return replies.until(asked.expires_at)


def _name(message: Message) -> str:
    """Name whose chat it is, for the page that only they open."""
    return (message.from_user.first_name if message.from_user else "")[:LONGEST_LABEL]
