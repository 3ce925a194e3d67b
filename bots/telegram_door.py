"""What the Telegram door answers: a message in private becomes links, and is deleted."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Update
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    CommandHandler,
    Defaults,
    MessageHandler,
    filters,
)

from bots import replies, telegram_password
from bots import telegram_buttons as buttons
from bots.download import TooLargeHere
from bots.refusals import refusal
from bots.telegram_calls import LegibleUpdates
from bots.telegram_chat import add, answer, delete, hand_over, uploading
from bots.telegram_controls import Controls
from bots.telegram_files import Files
from bots.telegram_gathering import Gathering
from bots.telegram_message import addresses, event, sender
from bots.telegram_pacing import Pacing
from bots.telegram_requests import Asking
from bots.telegram_standing import Standing
from bots.telegram_submission import called, submission, unanswered, whole_event
from core.errors import Duplicate, OneTimeShareError
from core.language import _
from core.quantities import show_duration, show_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    import aiohttp
    from telegram import Message

    from bots.share import Share, Shared
    from core.settings import Settings

    App: TypeAlias = Application[Any, Any, Any, Any, Any, Any]
    Context: TypeAlias = CallbackContext[Any, Any, Any, Any]

log = structlog.get_logger()

SHOWN_AGAIN = 60.0  # seconds before the same group is shown the way once more


class TelegramDoor:
    """Answers messages."""

    def __init__(self, share: Share, settings: Settings, session: aiohttp.ClientSession) -> None:
        self._share = share
        self._settings = settings
        self._files = Files(session, settings.telegram_api_url, settings.telegram_local_files)
        self._shown: dict[int, float] = {}  # when each group was last shown the way
        self._controls = Controls(share)
        self._asking = Asking(share, uploads=settings.web_upload)
        self._standing = Standing(share)
        self._gathering = Gathering(self._share_whole)
        self.commands = {
            "start": self.start,
            "help": self.help,
            "list": self.list_,
            "revoke": self.revoke,
            **self._asking.commands,
            "delete_my_data": self.forget,
            "privacy": self.privacy,
        }

    def application(self) -> App:
        """Build the library's application for this door; it neither polls nor queues."""
        api = self._settings.telegram_api_url
        token = self._settings.telegram_bot_token
        assert token is not None  # noqa: S101 - the door is opened only with one
        application = (
            Application.builder()
            .token(token.reveal())
            .base_url(f"{api}/bot")
            .base_file_url(f"{api}/file/bot")
            .get_updates_request(LegibleUpdates())
            .rate_limiter(Pacing())
            .defaults(Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)))
            .updater(None)
            .build()
        )
        private, groups = filters.ChatType.PRIVATE, filters.ChatType.GROUPS
        for name, command in self.commands.items():
            application.add_handler(CommandHandler(name, command, filters=private))
        application.add_handler(self._asking.presses())
        application.add_handler(CallbackQueryHandler(self._controls.press))
        edited = filters.UpdateType.EDITED_MESSAGE
        application.add_handler(MessageHandler(private & edited, self.edited))
        application.add_handler(MessageHandler(private & ~filters.StatusUpdate.ALL, self.take))
        application.add_handler(MessageHandler(groups, self.show_private))
        application.add_error_handler(_handler_failed)
        return application

    async def start(self, update: Update, _context: Context) -> None:
        """Greet."""
        await _say(update, replies.welcome(self._lifetime()))

    async def help(self, update: Update, _context: Context) -> None:
        """Say what is possible."""
        most = self._share.policy.max_size
        limit = show_size(min(most, self._files.limit or most))
        await _say(
            update,
            replies.telegram_help(self._lifetime(), limit, uploads=self._settings.web_upload),
        )

    async def privacy(self, update: Update, _context: Context) -> None:
        """Say what is kept."""
        await _say(update, replies.privacy(f"{self._share.public_url}/privacy"))

    async def list_(self, update: Update, _context: Context) -> None:
        """List the sender's secrets."""
        if update.message is not None:
            owner = self._share.vault.owner(sender(update.message))
            text, markup = await self._controls.listed(owner)
            await answer(update.message, text, markup)
            await self._asking.list_waiting(update.message)

    async def revoke(self, update: Update, _context: Context) -> None:
        """Ask whether to revoke the secret whose link is answered, or list what may be."""
        if update.message is not None:
            await self._controls.ask(update.message)

    async def forget(self, update: Update, _context: Context) -> None:
        """Ask whether everything of the sender shall go."""
        if update.message is not None:
            await answer(update.message, _(replies.FORGET_ALL), buttons.forget())

    async def edited(self, update: Update, _context: Context) -> None:
        """Say that an edit changes nothing of what was shared; places that move edit themselves."""
        if update.edited_message is not None and update.edited_message.location is None:
            await answer(update.edited_message, _(replies.EDITED))

    async def show_private(self, update: Update, context: Context) -> None:
        """Take nothing in a group; show whoever addresses the bot the way to the private chat."""
        message = update.message
        if message is None or not addresses(message, context.bot.bot, self.commands):
            return
        now = time.monotonic()
        self._shown = {chat: at for chat, at in self._shown.items() if now - at < SHOWN_AGAIN}
        if message.chat.id in self._shown:
            return  # one answer serves the group, and a flood there holds up nobody else
        self._shown[message.chat.id] = now
        link = f"https://t.me/{context.bot.username}?start=share"
        button = InlineKeyboardButton(_(replies.OPEN_PRIVATE), link)
        await answer(message, _(replies.IN_GROUPS), InlineKeyboardMarkup([[button]]))

    async def take(self, update: Update, _context: Context) -> None:
        """Turn a message into a link; an album and a cut paste are one, in several messages."""
        message = update.message
        if message is None:
            return
        if (link := telegram_password.asked_for(message)) is not None:
            await telegram_password.take(self._share, message, link)
            return
        await self._gathering.take(message)

    async def _share_whole(self, messages: Sequence[Message]) -> None:
        """Share what belongs together; what came too late for that is shared by itself."""
        name = whole_event(messages)
        fresh = await unanswered(self._share, messages)
        over = [message for message in messages if message not in fresh]
        try:
            await self._share_once(fresh, name)
        except Duplicate as repeated:
            for message in fresh:
                if event(message) != name:
                    with suppress(Duplicate):
                        await self._share_once([message], event(message))
                elif repeated.answered:
                    over.append(message)
        if over:  # they have their link: a process that died before it deleted them did not
            await delete(*over)

    async def _share_once(self, messages: Sequence[Message], name: str) -> None:
        """Answer with one link for all, or with why there is none; delete what has its link.

        Raises:
            Duplicate: the event of this `name` was answered before.
        """
        if not messages:
            return
        first = messages[0]
        try:
            made = submission(messages, name, self._files)
            if made is None:
                await answer(first, _(replies.UNSUPPORTED))
                return
            async with uploading(first), self._share.handle(made) as shared:
                markup = await self._markup(first, shared)
                told = await hand_over(first, shared, called(made), markup)
        except Duplicate:
            raise
        except (OneTimeShareError, TelegramError) as error:
            log.info("refused", door="telegram", error=type(error).__name__)
            with suppress(TelegramError):  # a sender who can't be reached knows why
                await self._refuse(first, error)
            return
        gone = await delete(*messages)  # each has its link: not before
        await add(told, _(replies.DELETED) if gone else _(replies.NOT_DELETED))
        await self._share.note(shared, made, str(told.message_id))
        await self._standing.catch_up(told, shared, self._share.vault.owner(made.sender))

    async def _markup(self, message: Message, shared: Shared) -> InlineKeyboardMarkup | None:
        owner = self._share.vault.owner(sender(message))
        return await self._controls.status_markup(shared.id, owner, shared.url)

    async def _refuse(self, message: Message, error: OneTimeShareError | TelegramError) -> None:
        if isinstance(error, TelegramError):
            await answer(message, _(replies.FAILED))
        elif isinstance(error, TooLargeHere):
            await self._asking.offer(message, error.limit)
        else:
            await answer(message, refusal(error))

    def _lifetime(self) -> str:
        return show_duration(self._share.policy.default_lifetime)


async def _say(update: Update, text: str) -> None:
    if update.message is not None:
        await answer(update.message, text)


async def _handler_failed(update: object, context: Context) -> None:
    """Log what no sentence covers, without values; tell the sender, where that is possible."""
    log.error("telegram handler failed", error=type(context.error).__name__)
    query = update.callback_query if isinstance(update, Update) else None
    if query is not None:
        with suppress(TelegramError):
            await query.answer(_(replies.PRESS_FAILED), show_alert=True)
    message = update.message if isinstance(update, Update) else None
    if message is not None and message.chat.type == ChatType.PRIVATE:
        with suppress(TelegramError):
            await answer(message, _(replies.FAILED))
