"""Calls of the Bot API that a bad moment of the network may not spoil."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import structlog
from telegram import Update
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bots.notices import Unreachable
from core.errors import DoorClosed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any

T = TypeVar("T")

log = structlog.get_logger()

FEW_PAUSES = (0.5, 2.0, 5.0)  # seconds between a few tries for one sender
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds between tries without an end
BAD_TOKEN = (
    "Telegram refuses TELEGRAM_BOT_TOKEN. "  # noqa: S105 - a sentence
    "Take the token from @BotFather: /mybots, your bot, API Token."
)

CONFLICT = (
    "Another program takes this bot's messages: it polls with the same token, or set a webhook. "
    "End it, or give each its own bot; several of ours need TELEGRAM_WEBHOOK_URL."
)


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call a few times while the network fails it.

    It may have reached Telegram and only its answer was lost, so this is for calls that do no
    harm when they are made twice. A link that is sent twice is one; a link that may have been
    sent, and was revoked for the doubt, would be worse.

    Raises:
        TelegramError: it was refused, or the network failed each time.
    """
    for pause in FEW_PAUSES:
        try:
            return await call()
        except BadRequest:  # which the library counts among the network's errors
            raise
        except NetworkError:
            await asyncio.sleep(pause)
    return await call()


@contextmanager
def reachable() -> Iterator[None]:
    """Tell a chat that is closed to the bot from one that can't be written to just now.

    Raises:
        Unreachable: they blocked the bot, or the chat is gone.
    """
    try:
        yield
    except Forbidden:
        raise Unreachable from None
    except BadRequest as error:
        if "chat not found" in error.message.lower():
            raise Unreachable from None
        raise


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call until it works, however long that takes.

    Raises:
        DoorClosed: Telegram refuses the token.
    """
    tries = 0
    while True:
        try:
            return await call()
        except (InvalidToken, Forbidden):
            raise DoorClosed(BAD_TOKEN) from None  # the cause prints the token
        except TelegramError as error:
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            if isinstance(error, Conflict):
                log.warning("telegram tells another", reason=CONFLICT, again_in=pause)
            else:
                log.warning("telegram unreachable", error=type(error).__name__, again_in=pause)
            await asyncio.sleep(pause)
            tries += 1


class LegibleUpdates(HTTPXRequest):
    """The library's request for updates, in which one that it can't read spoils no other."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; of an update that can't be read, only its number is left."""
        answer = HTTPXRequest.parse_json_payload(payload)
        told = answer.get("result")
        if isinstance(told, list):
            answer["result"] = [legible(update) for update in told]
        return answer


def legible(update: dict[str, Any]) -> dict[str, Any]:
    """Answer an update as it is told, or its number alone where the library can't read it."""
    try:
        Update.de_json(update, None)
    except Exception as error:  # noqa: BLE001 - whatever the library makes of an unknown shape
        log.error("telegram update unreadable", error=type(error).__name__)  # noqa: TRY400 - a traceback prints values
        return {"update_id": update["update_id"]}
    return update
