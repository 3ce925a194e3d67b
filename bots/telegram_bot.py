"""The Telegram door's life: log in, take updates, close."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import structlog
from telegram import BotCommand
from telegram.error import TelegramError

from bots import replies, telegram_local
from bots.deliveries import Deliveries
from bots.notices import Notices
from bots.telegram_arrivals import Bringer
from bots.telegram_calls import patiently
from bots.telegram_door import TelegramDoor
from bots.telegram_intake import Intake
from bots.telegram_message import DOOR
from bots.telegram_notices import Teller
from bots.telegram_webhook import Webhook
from core.language import ENGLISH, LANGUAGES, _, language_of, speaking

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from telegram import Update

    from bots.share import Share
    from bots.telegram_door import App
    from core.settings import Settings

log = structlog.get_logger()

# They print addresses, which hold the token, and updates, which hold secrets.
TALKATIVE = ("httpx", "httpcore", "telegram")


async def run(share: Share, settings: Settings) -> None:
    """Keep the door open until cancelled; then what runs may end.

    Raises:
        DoorClosed: Telegram refuses the token, or a setting does not fit.
    """
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # whatever matters, we log
    if settings.telegram_local_files is not None:
        telegram_local.check(settings.telegram_local_files)
    async with aiohttp.ClientSession() as session:
        door = TelegramDoor(share, settings, session)
        application = door.application()
        intake = _intake(application, share, settings)
        try:
            await patiently(application.initialize)
            await _register_commands(application, door.commands)
            log.info("door is open", door="telegram")
            bring = Bringer(application.bot, share.policy)
            async with (
                Notices(share, DOOR, Teller(application.bot, share)).telling(),
                Deliveries(share, DOOR, bring).telling(),
            ):
                await intake.run()
        finally:
            await asyncio.shield(_close(application, intake, settings.stop.timeout))


def _intake(application: App, share: Share, settings: Settings) -> Intake | Webhook:
    """Choose how updates come: asked for, or brought."""
    bot, handle = application.bot, _answering(application)
    if settings.telegram_webhook_url is None:
        return Intake(bot, handle, partial(share.metrics.contact, DOOR))
    return Webhook(bot, handle, share, settings)


def _answering(application: App) -> Callable[[Update], Awaitable[None]]:
    """Answer everybody in the language of their Telegram."""

    async def answer(update: Update) -> None:
        user = update.effective_user
        with speaking(language_of(user.language_code if user else None)):
            await application.process_update(update)

    return answer


async def _register_commands(application: App, known: Collection[str]) -> None:
    told = [(name, what) for name, what in replies.TELEGRAM_COMMANDS.items() if name in known]
    try:
        for language in LANGUAGES:
            with speaking(language):
                commands = [BotCommand(name, _(what)) for name, what in told]
            # Without a code they are for everybody whose language has none of its own.
            code = None if language == ENGLISH else language[:2]
            await application.bot.set_my_commands(commands, language_code=code)
    except TelegramError as error:  # the menu is a courtesy: the commands work without it
        log.warning("telegram commands not registered", error=type(error).__name__)


async def _close(application: App, intake: Intake | Webhook, limit: float) -> None:
    """Take nothing new in, and let what runs end."""
    await intake.finish(limit)
    with suppress(TelegramError):
        await application.shutdown()
        await application.bot.shutdown()  # where the log-in failed, the line above does nothing
