"""The Telegram door's life: log in, poll, close."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import aiohttp
import structlog
from telegram import BotCommand, Update
from telegram.error import Forbidden, InvalidToken, NetworkError, TelegramError

from bots.telegram_door import TelegramDoor
from core.errors import DoorClosed

if TYPE_CHECKING:
    from bots.share import Share
    from bots.telegram_door import App
    from core.settings import Settings

log = structlog.get_logger()

STOP_WITHIN = 20.0  # seconds for what runs when the door closes
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds between tries to reach the API
BAD_TOKEN = (
    "Telegram refuses TELEGRAM_BOT_TOKEN. "  # noqa: S105 - a sentence
    "Take the token from @BotFather: /mybots, your bot, API Token."
)
COMMANDS = [
    BotCommand("start", "How it works"),
    BotCommand("help", "What is possible, and what is true"),
    BotCommand("privacy", "What is kept, and how long"),
]


async def run(share: Share, settings: Settings) -> None:
    """Keep the door open until cancelled.

    Raises:
        DoorClosed: Telegram refuses the token.
    """
    async with aiohttp.ClientSession() as session:
        door = TelegramDoor(share, settings, session)
        application = door.application()
        try:
            await _log_in(application)
            await application.bot.set_my_commands(COMMANDS)
            assert application.updater is not None  # noqa: S101 - the builder's default
            await application.updater.start_polling(
                allowed_updates=[Update.MESSAGE], error_callback=_polling_failed
            )
            await application.start()
            log.info("door is open", door="telegram")
            await asyncio.Event().wait()
        finally:
            await asyncio.shield(_close(application))


async def _log_in(application: App) -> None:
    """Reach the API, however long that takes."""
    tries = 0
    while True:
        try:
            await application.initialize()
        except (InvalidToken, Forbidden):
            raise DoorClosed(BAD_TOKEN) from None
        except NetworkError as error:
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            log.warning("telegram unreachable", error=type(error).__name__, again_in=pause)
            await asyncio.sleep(pause)
            tries += 1
        else:
            return


def _polling_failed(error: TelegramError) -> None:
    log.warning("telegram polling failed", error=type(error).__name__)


async def _close(application: App) -> None:
    """Take nothing new in, and let what runs end."""
    with suppress(TimeoutError, TelegramError):
        async with asyncio.timeout(STOP_WITHIN):
            if application.updater is not None and application.updater.running:
                await application.updater.stop()
            if application.running:
                await application.stop()
    with suppress(TelegramError):
        await application.shutdown()
        await application.bot.shutdown()  # where the log-in failed, the line above does nothing
