"""People who ask for a secret in a chat, and those who hand it in on the request's page."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import FormData

from tests.asked import named_in
from tests.fakes.discord_talk import links as discord_links
from tests.fakes.telegram_talk import links as telegram_links
from tests.soak.discord_people import Answer, DiscordSender
from tests.soak.front import Refused
from tests.soak.ledger import Entry
from tests.soak.recipients import Shared, content_of
from tests.soak.telegram_people import Message, TelegramSender, sent_by
from tests.soak.town import LIFETIME

if TYPE_CHECKING:
    from random import Random

    from core.link import Link
    from tests.fakes.discord import FakeDiscord
    from tests.fakes.telegram import FakeTelegram
    from tests.soak.front import Front

LOOK_EVERY = 0.05  # seconds
PATIENCE = 120.0  # seconds until what was handed in must have come
FIRST_CHAT = 9000  # each asks in a chat of its own: what comes there is an answer
FIRST_USER, USERS = 723456789012345678, 6
REQUEST = re.compile(r"http\S+/r/[\w-]+#[\w-]+")


class Withdrawn(Exception):
    """The request's link opens nothing: its bot was killed while it answered, and gave another."""


async def hand_in(front: Front, url: str, text: bytes) -> None:
    """Hand a text in until that is acknowledged.

    Raises:
        Withdrawn: there is another link by now.
    """

    def form() -> dict[str, Any]:
        made = FormData(default_to_multipart=True)
        made.add_field("text", text.decode())
        return {"data": made}

    headers = {"OTS-Invitation": url.partition("#")[2]}
    while True:
        try:
            await front.ask(f"/r/{named_in(url)}", make=form, headers=headers)
        except Refused as refused:
            if refused.status == 409:  # a try of before is not known to have ended
                await asyncio.sleep(max(1, refused.retry_after))
                continue
            if refused.status != 410 or refused.state not in {"used", "revoked"}:
                raise
            if refused.state == "revoked":
                raise Withdrawn from None
        return


class TelegramAsker:
    """Asks by `/request`."""

    door = "telegram"

    def __init__(self, telegram: FakeTelegram, sender: TelegramSender, front: Front) -> None:
        self._telegram = telegram
        self._sender = sender
        self._front = front
        self._chats = itertools.count(FIRST_CHAT)

    async def share(self, seed: str, _rng: Random, /) -> Entry:
        """Ask, and wait for what comes."""
        text = content_of(seed, 500, text=True)
        while True:
            chat = next(self._chats)
            asked = self._telegram.command("/request soak", chat, **sent_by(chat))
            answer = await self._sender.answer(asked["message_id"])
            if found := REQUEST.findall(answer["text"]):
                now = time.time()
                try:
                    await hand_in(self._front, found[0], text)
                except Withdrawn:
                    continue
                link, number = await self._arrival(answer)
                message = Message(
                    self._telegram, self._sender.inbox, number, chat, answer["message_id"]
                )
                return Entry(self.door, Shared(link, seed, 500, text=True), message, now + LIFETIME)
            await asyncio.sleep(1)

    async def _arrival(self, request: dict[str, Any]) -> tuple[Link, int]:
        """Wait until the chat shows a link."""
        began, inbox = time.monotonic(), self._sender.inbox
        async with asyncio.timeout(PATIENCE):
            while True:
                # What came before it was noted which message asks is no reply to it.
                answers = inbox.answers(request["message_id"])
                for one in answers + inbox.loose(request["chat"]["id"]):
                    if found := telegram_links(one):
                        self._front.timings.note("telegram, arrival", began)
                        return found[0], one["message_id"]
                await asyncio.sleep(LOOK_EVERY)


class DiscordAsker:
    """Asks by `/request`, and presses what shows the link."""

    door = "discord"

    def __init__(self, discord: FakeDiscord, sender: DiscordSender, front: Front) -> None:
        self._discord = discord
        self._sender = sender
        self._front = front

    async def share(self, seed: str, rng: Random) -> Entry:
        """Ask, and wait for what comes."""
        text, user = content_of(seed, 500, text=True), str(FIRST_USER + rng.randrange(USERS))
        while True:
            began = time.monotonic()
            try:
                asked = await self._discord.command("request", user=user)
                await self._sender.until(partial(self._discord.contents, asked))
            except TimeoutError as error:
                self._front.timings.broke("discord, request", began, error)
                continue
            if found := REQUEST.findall(self._discord.contents(asked)[0]):
                now = time.time()
                await hand_in(self._front, found[0], text)
                message = self._discord.interactions[asked].made[0]
                shown = await self._shown(message, user)
                [link] = discord_links(self._discord.messages[shown]["content"])
                answer = Answer(self._discord, shown, user, time.monotonic())
                shared = Shared(link, seed, 500, text=True)
                return Entry(self.door, shared, answer, now + LIFETIME)
            await asyncio.sleep(1)

    async def _shown(self, message: str, user: str) -> str:
        """Press what shows the link, as soon as that is offered; answer the message with it."""
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            while True:
                offered = self._discord.offered(message)
                label = "Show link" if "Show link" in offered else "Refresh"
                if label in offered and (found := await self._press(message, label, user)):
                    self._front.timings.note("discord, arrival", began)
                    return found
                await asyncio.sleep(0.5)

    async def _press(self, message: str, label: str, user: str) -> str:
        """Press; answer the message that came and holds a link."""
        try:
            number = await self._discord.press(message, label, user=user)
            asked = self._discord.interactions[number]
            await self._sender.until(lambda: asked.response)
            if label == "Show link":
                await self._sender.until(lambda: self._discord.contents(number))
        except TimeoutError:  # the bot is not there
            return ""
        made = [one for one in asked.made if one != message]
        return next((m for m in made if discord_links(self._discord.messages[m]["content"])), "")
