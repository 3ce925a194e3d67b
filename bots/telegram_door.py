"""What the Telegram door answers: a message in private becomes links, and is deleted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog
from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction, InlineKeyboardButtonLimit
from telegram.error import BadRequest, TelegramError
from telegram.ext import (
    AIORateLimiter,
    Application,
    CallbackContext,
    CommandHandler,
    Defaults,
    MessageHandler,
    filters,
)
from yarl import URL

from bots import replies
from bots.download import TooLargeHere, download
from bots.share import Submission, text_content
from bots.telegram_message import attached, event, sender
from core.errors import Duplicate, OneTimeShareError, SourceFailed
from core.quantities import show_duration, show_size
from core.secret import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import TypeAlias

    import aiohttp

    from bots.share import Share, Shared
    from bots.telegram_message import Attached
    from core.settings import Settings

    App: TypeAlias = Application[Any, Any, Any, Any, Any, Any]
    Context: TypeAlias = CallbackContext[Any, Any, Any, Any]

log = structlog.get_logger()

CLOUD = "https://api.telegram.org"
CLOUD_LIMIT = 20_000_000  # bytes that the cloud's getFile hands to bots
AT_ONCE = 16  # updates handled at the same time: a slow file holds up nobody
TYPING = 4.5  # seconds; "uploading…" is shown for five


class TelegramDoor:
    """Answers messages."""

    def __init__(self, share: Share, settings: Settings, session: aiohttp.ClientSession) -> None:
        self._share = share
        self._settings = settings
        self._session = session
        self._origins = {str(URL(settings.telegram_api_url).origin())}
        self._lifetime = show_duration(share.policy.default_lifetime)
        cloud = settings.telegram_api_url == CLOUD
        limit = min(share.policy.max_size, CLOUD_LIMIT) if cloud else share.policy.max_size
        self._limit = show_size(limit)

    def application(self) -> App:
        """Build the library's application for this door."""
        api = self._settings.telegram_api_url
        token = self._settings.telegram_bot_token
        assert token is not None  # noqa: S101 - the door is opened only with one
        application = (
            Application.builder()
            .token(token.reveal())
            .base_url(f"{api}/bot")
            .base_file_url(f"{api}/file/bot")
            .rate_limiter(AIORateLimiter(max_retries=5))
            .defaults(Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)))
            .concurrent_updates(AT_ONCE)
            .build()
        )
        private, groups = filters.ChatType.PRIVATE, filters.ChatType.GROUPS
        for name, answer in (("start", self.start), ("help", self.help), ("privacy", self.privacy)):
            application.add_handler(CommandHandler(name, answer, filters=private))
        application.add_handler(MessageHandler(private & ~filters.StatusUpdate.ALL, self.take))
        asked = filters.COMMAND | filters.Entity("mention")
        application.add_handler(MessageHandler(groups & asked, self.show_private))
        application.add_error_handler(_handler_failed)
        return application

    async def start(self, update: Update, _context: Context) -> None:
        """Greet."""
        await _answer(update, replies.welcome(self._lifetime))

    async def help(self, update: Update, _context: Context) -> None:
        """Say what is possible."""
        await _answer(update, replies.telegram_help(self._lifetime, self._limit))

    async def privacy(self, update: Update, _context: Context) -> None:
        """Say what is kept."""
        await _answer(update, replies.privacy(f"{self._share.public_url}/privacy"))

    async def show_private(self, update: Update, context: Context) -> None:
        """Take nothing in a group; show the way to the private chat."""
        link = f"https://t.me/{context.bot.username}?start=share"
        button = InlineKeyboardButton(replies.OPEN_PRIVATE, url=link)
        await _answer(update, replies.IN_GROUPS, InlineKeyboardMarkup([[button]]))

    async def take(self, update: Update, _context: Context) -> None:
        """Turn a message into links: one for its text, one for its file."""
        message = update.message
        if message is None:
            return
        file, text = attached(message), message.text or message.caption
        if file is None and text is None:
            await _answer(update, replies.UNSUPPORTED)
            return
        answered: list[Message] = []
        refused = False
        for submission in self._submissions(message, file, text):
            answer, well = await self._share_one(message, submission)
            refused = refused or not well
            if answer is not None:
                answered.append(answer)
        if answered and not refused:
            await self._delete(message, answered[-1])

    def _submissions(
        self, message: Message, file: Attached | None, text: str | None
    ) -> list[Submission]:
        made = []
        if file is not None:
            made.append(
                Submission(
                    sender=sender(message),
                    event=event(message, Kind.FILE),
                    kind=Kind.FILE,
                    content=self._download(message, file),
                    name=file.name,
                    type=file.type,
                    size=file.size,
                )
            )
        if text is not None:
            made.append(
                Submission(
                    sender=sender(message),
                    event=event(message, Kind.TEXT),
                    kind=Kind.TEXT,
                    content=text_content(text),
                )
            )
        return made

    async def _share_one(
        self, message: Message, submission: Submission
    ) -> tuple[Message | None, bool]:
        """Share and tell; answer the message with the link, and whether nothing was refused."""
        try:
            async with _uploading(message), self._share.handle(submission) as shared:
                return await _tell(message, shared, submission.kind), True
        except Duplicate:
            return None, True
        except TooLargeHere as error:
            page = self._share.public_url
            await message.reply_text(replies.too_large_for_chat(error.limit, page))
        except OneTimeShareError as error:
            log.info("refused", door="telegram", error=type(error).__name__)
            await message.reply_text(replies.refusal(error))
        return None, False

    async def _download(self, message: Message, file: Attached) -> AsyncIterator[bytes]:
        try:
            found = await message.get_bot().get_file(file.file_id)
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise TooLargeHere(CLOUD_LIMIT) from None
            raise SourceFailed from None
        except TelegramError:
            raise SourceFailed from None
        pieces = download(
            self._session, found.file_path or "", origins=self._origins, size=found.file_size
        )
        async for piece in pieces:
            yield piece

    async def _delete(self, message: Message, answer: Message) -> None:
        """Delete what was shared, after its link is out, and say so in the answer."""
        try:
            done = await message.delete()
        except TelegramError:
            done = False
        sentence = replies.DELETED if done else replies.NOT_DELETED
        with suppress(TelegramError):  # the link is out: the rest is a courtesy
            await answer.edit_text(f"{answer.text}\n\n{sentence}", reply_markup=answer.reply_markup)


async def _answer(update: Update, text: str, buttons: InlineKeyboardMarkup | None = None) -> None:
    if update.message is not None:
        await update.message.reply_text(text, reply_markup=buttons)


async def _tell(message: Message, shared: Shared, kind: Kind) -> Message:
    what = "your file" if kind is Kind.FILE else "your text"
    buttons = None
    if len(shared.url) <= InlineKeyboardButtonLimit.MAX_COPY_TEXT:
        button = InlineKeyboardButton(replies.COPY, copy_text=CopyTextButton(shared.url))
        buttons = InlineKeyboardMarkup([[button]])
    return await message.reply_text(
        replies.sealed(shared, what),
        reply_markup=buttons,
        # The answered message is about to go; without it the answer must still arrive.
        reply_parameters=ReplyParameters(message.message_id, allow_sending_without_reply=True),
    )


@asynccontextmanager
async def _uploading(message: Message) -> AsyncIterator[None]:
    """Show that something is being done, for as long as it is."""

    async def show() -> None:
        while True:
            with suppress(TelegramError):
                await message.reply_chat_action(ChatAction.UPLOAD_DOCUMENT)
            await asyncio.sleep(TYPING)

    showing = asyncio.create_task(show())
    try:
        yield
    finally:
        showing.cancel()
        await asyncio.wait([showing])


async def _handler_failed(_update: object, context: Context) -> None:
    """Log what no sentence covers, without values: an address could hold the token."""
    log.error("telegram handler failed", error=type(context.error).__name__)
