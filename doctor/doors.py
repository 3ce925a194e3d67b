"""Whether the platforms know the bots, asked through the libraries that the doors use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp

from doctor.finding import bad, doubtful, good

if TYPE_CHECKING:
    from collections.abc import Callable

    from telegram import WebhookInfo

    from core.settings import Settings
    from doctor.finding import Finding

TELEGRAM, DISCORD, WEBHOOK = "Telegram", "Discord", "Telegram webhook"
LATELY = timedelta(hours=1)
MANY = 100  # updates that wait


async def telegram(settings: Settings) -> list[Finding]:
    """Ask Telegram who the bot is, and where it brings updates."""
    if settings.telegram_bot_token is None:
        return [good(TELEGRAM, "no token is set, so this door stays closed")]
    import telegram as library  # noqa: PLC0415 - slow to load, and only here

    base = f"{settings.telegram_api_url}/bot"
    bot = library.Bot(settings.telegram_bot_token.reveal(), base_url=base)
    try:
        async with bot:  # which asks who it is
            found = await bot.get_webhook_info()
            return [good(TELEGRAM, f"the bot is @{bot.username}"), _webhook(found, settings)]
    except (library.error.InvalidToken, library.error.Forbidden):
        return [
            bad(
                TELEGRAM,
                "refuses TELEGRAM_BOT_TOKEN: take it from @BotFather: /mybots, your bot, API Token",
            )
        ]
    except library.error.TelegramError as error:
        told = f"{settings.telegram_api_url} can not be asked ({type(error).__name__})"
        return [bad(TELEGRAM, f"{told}: may this machine call out?")]


def _webhook(found: WebhookInfo, settings: Settings) -> Finding:
    wanted = settings.telegram_webhook_url or ""
    if found.url != wanted:
        told = "another one is set" if found.url else "none is set yet"
        return doubtful(WEBHOOK, f"{told}: the bot's next start sets what the settings say")
    failed = found.last_error_date
    if failed is not None and datetime.now(UTC) - failed < LATELY:
        return bad(WEBHOOK, f"failed at {failed:%H:%M} UTC: {found.last_error_message}")
    if found.pending_update_count > MANY:
        waiting = f"{found.pending_update_count} messages wait"
        return doubtful(WEBHOOK, f"{waiting}: is the bot running?")
    return good(WEBHOOK, "works" if wanted else "none, the bot asks by itself")


async def discord(
    settings: Settings, connect: Callable[[], aiohttp.BaseConnector] = aiohttp.TCPConnector
) -> list[Finding]:
    """Ask Discord who the bot is."""
    if settings.discord_bot_token is None:
        return [good(DISCORD, "no token is set, so this door stays closed")]
    import discord as library  # noqa: PLC0415 - slow to load, and only here

    client = library.Client(intents=library.Intents.none(), connector=connect())
    try:
        await client.login(settings.discord_bot_token.reveal())
        return [good(DISCORD, f"the bot is {client.user}")]
    except library.LoginFailure:
        return [
            bad(
                DISCORD,
                "refuses DISCORD_BOT_TOKEN: take it from the Developer Portal, Bot, Reset Token",
            )
        ]
    except (library.DiscordException, aiohttp.ClientError, OSError) as error:
        told = f"can not be asked ({type(error).__name__}): may this machine call out?"
        return [bad(DISCORD, told)]
    finally:
        await client.close()
