"""How a Telegram of the tests brings updates by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientSession

if TYPE_CHECKING:
    from tests.fakes.telegram_chats import Chats

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PACE = 0.02  # seconds for each second that the platform would wait
ALLOWED_PORTS = {None, 80, 88, 443, 8443}


def chat_of(update: dict[str, Any]) -> int:
    """Name the chat, or the person, in whose queue an update stands."""
    about = next(value for key, value in update.items() if key != "update_id")
    chat: int = about["chat"]["id"] if "chat" in about else about["from"]["id"]
    return chat


class Bringer:
    """Brings one update of each chat at a time, and again where it gets no good answer.

    As the platform's own server does (WebhookActor.cpp in tdlib/telegram-bot-api): queues by
    chat, `Retry-After` heeded, another update of the chat only when the first was taken.
    """

    def __init__(self, chats: Chats, url: str, secret: str) -> None:
        self._chats = chats
        self._url = url
        self._headers = {HEADER: secret}
        self._busy: set[int] = set()
        self.statuses: list[int] = []  # of the answers, in their order

    async def run(self) -> None:
        """Bring what there is until cancelled."""
        async with ClientSession() as session, asyncio.TaskGroup() as group:
            while True:
                for update in list(self._chats.updates):
                    if chat_of(update) not in self._busy:
                        self._busy.add(chat_of(update))
                        group.create_task(self._bring(session, update))
                self._chats.news.clear()
                await self._chats.news.wait()

    async def _bring(self, session: ClientSession, update: dict[str, Any]) -> None:
        status, pause = 0, 1
        while status != 200:
            await asyncio.sleep(0 if not status else pause * PACE)
            try:
                async with session.post(self._url, json=update, headers=self._headers) as answer:
                    status, pause = answer.status, int(answer.headers.get("Retry-After", 1))
            except ClientError:
                status, pause = 599, 1
            self.statuses.append(status)
        self._chats.updates.remove(update)
        self._busy.remove(chat_of(update))
        self._chats.news.set()
