"""Updates that Telegram brings by itself, to whichever replica, each until it has been handled."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from telegram import Update
from telegram.error import BadRequest

from bots.telegram_calls import legible, patiently
from bots.telegram_intake import ALLOWED
from bots.telegram_message import DOOR
from core.errors import DoorClosed, Duplicate, Unavailable
from core.link import encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import Bot

    from bots.share import Share
    from core.settings import Settings

log = structlog.get_logger()

AT_ONCE = 64  # updates at work; of one chat Telegram brings one at a time
HOLD = 20.0  # seconds that an answer waits for the work: less than any proxy's patience
AGAIN = 2  # seconds until Telegram asks again how far an update is
CUT_UP = 4000 // 2  # characters; a paste is cut at about 4000 UTF-16 units, two at most for each
LOOK_EVERY = 60.0  # seconds between two looks whether Telegram answers
HEADER = "X-Telegram-Bot-Api-Secret-Token"
WRONG_TOKEN = f"Only Telegram may call this: {HEADER} is missing or wrong.\n"
NO_UPDATE = "This is no update of the Bot API.\n"


class Webhook:
    """Listens, and says that an update arrived only when it has been handled.

    Telegram repeats what it got no good answer for, for a day, and no sooner than the answer asks
    for. So nothing is queued here: what takes longer than an answer may, or is cut short by a
    crash or a stop, is brought again, to any replica, which knows by a mark in Redis whether it
    was handled or is at work elsewhere. Meanwhile Telegram brings other chats' updates.
    """

    def __init__(
        self,
        bot: Bot,
        handle: Callable[[Update], Awaitable[None]],
        share: Share,
        settings: Settings,
    ) -> None:
        assert settings.telegram_webhook_url is not None  # noqa: S101 - there is none without
        self._bot = bot
        self._handle = handle
        self._creations = share.creations
        self._contact = share.metrics.contact
        self._url = settings.telegram_webhook_url
        self._host, self._port = settings.host, settings.telegram_webhook_port
        # The same in every replica, and another one with another token or server key.
        self._secret = encode(share.vault.server_key.owner(f"{DOOR} webhook", bot.token))
        self._tasks: dict[int, asyncio.Task[bool]] = {}  # by update id, while at work
        self._delay = settings.stop.delay
        self._stopping = self._closing = False
        app = web.Application()
        app.router.add_get("/healthz", _alive)
        app.router.add_get("/readyz", self._ready)
        app.router.add_post("/{path:.*}", self._receive)  # under whichever path a proxy leaves
        app.on_response_prepare.append(_nameless)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def run(self) -> None:
        """Listen until cancelled.

        Raises:
            DoorClosed: Telegram refuses the token or the address, or the port can't be used.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            where = f"TELEGRAM_WEBHOOK_PORT: {self._port} on {self._host}"
            raise DoorClosed(f"{where} can not be used: {error.strerror}") from None
        await patiently(self._set)
        log.info("webhook is set", door=DOOR, port=self._port)
        while True:  # where nobody writes, nobody else would notice that Telegram is gone
            self._contact(DOOR)
            await asyncio.sleep(LOOK_EVERY)
            await patiently(self._bot.get_me)

    async def finish(self, limit: float) -> None:
        """Say so, for the balancer; then take nothing new, and stop what outlasts `limit`."""
        self._stopping = True
        await asyncio.sleep(self._delay)
        self._closing = True
        if running := list(self._tasks.values()):
            _, late = await asyncio.wait(running, timeout=limit)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._runner.cleanup()

    async def _set(self) -> None:
        try:
            await self._bot.set_webhook(
                self._url,
                secret_token=self._secret,
                allowed_updates=ALLOWED,
                max_connections=AT_ONCE,
            )
        except BadRequest as error:
            raise DoorClosed(
                f"Telegram refuses TELEGRAM_WEBHOOK_URL: {error.message}. It must be an https:// "
                "address that Telegram reaches, on port 443, 80, 88 or 8443 (docs/telegram.md)."
            ) from None

    async def _ready(self, _request: web.Request) -> web.Response:
        """Tell a balancer whether updates should still be brought here."""
        told = {"ready": not self._stopping}
        return web.json_response(told, status=503 if self._stopping else 200)

    async def _receive(self, request: web.Request) -> web.Response:
        given = request.headers.get(HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self._secret.encode()):
            log.warning("webhook called without its token", door=DOOR)
            return web.Response(status=401, text=WRONG_TOKEN)
        try:
            told = json.loads(await request.read())
            number = int(told["update_id"])
        except (ValueError, TypeError, KeyError):
            return web.Response(status=400, text=NO_UPDATE)
        task = self._tasks.get(number) or self._start(number, told)
        if task is not None and _goes_on(told):
            return web.Response()
        if task is not None:
            await asyncio.wait([task], timeout=HOLD)
        if task is None or not task.done() or task.cancelled() or not task.result():
            return web.Response(status=503, headers={"Retry-After": str(AGAIN)})
        return web.Response()

    def _start(self, number: int, told: dict[str, Any]) -> asyncio.Task[bool] | None:
        if self._closing or len(self._tasks) >= AT_ONCE:
            return None
        task = asyncio.create_task(self._once(number, told))
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))
        return task

    async def _once(self, number: int, told: dict[str, Any]) -> bool:
        """Handle an update, and answer whether that is done, here or elsewhere."""
        try:
            update = Update.de_json(legible(told), self._bot)
            try:
                async with self._creations.once(f"{DOOR} update", str(number), patient=False):
                    await self._handle(update)
            except Unavailable:  # each message has a mark of its own, and its sender is told
                await self._handle(update)
        except Duplicate as duplicate:
            return duplicate.answered
        except Exception as error:  # noqa: BLE001 - one update's fault is not the others'
            log.error("telegram update failed", error=type(error).__name__)  # noqa: TRY400 - a traceback prints values
        return True


def _goes_on(told: dict[str, Any]) -> bool:
    """Tell whether more of the same may follow: albums, and pastes that Telegram cuts up.

    The next update of a chat comes only when the one before was taken, so these are taken at
    once. What a crash then cuts short costs an answer; the messages are still in the chat.
    """
    message = told.get("message")
    if not isinstance(message, dict):
        return False
    return "media_group_id" in message or len(str(message.get("text", ""))) >= CUT_UP


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


async def _nameless(_request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.popall("Server", None)
