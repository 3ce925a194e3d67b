"""Everybody at once: secrets that are shared at a steady rate, lists, and an admin who looks."""

from __future__ import annotations

import asyncio
import time
import traceback
from random import Random
from typing import TYPE_CHECKING

from tests.admin import LOGIN
from tests.soak.askers import DiscordAsker, TelegramAsker
from tests.soak.discord_people import DiscordSender
from tests.soak.fates import befall
from tests.soak.front import Refused
from tests.soak.telegram_people import Message, TelegramSender
from tests.soak.web_senders import WebSender

if TYPE_CHECKING:
    from tests.soak.front import Front
    from tests.soak.ledger import Entry, Ledger
    from tests.soak.town import Town

SENDERS = (66, 17, 11, 3, 3)  # shares of web, Telegram, Discord, and of those who ask there
AT_ONCE = 150  # lives that wait for something; more would only make a fault longer
EXTENDED = 0.1  # of what is shared in Telegram
LOOK_EVERY = 2.0  # seconds between two looks at lists and figures


class Crowd:
    """Lives until it is told that it is enough."""

    def __init__(self, town: Town, front: Front, ledger: Ledger, seed: int, rate: float) -> None:
        """Take how many secrets are shared in a second."""
        self._front = front
        self._ledger = ledger
        self._seed = seed
        self._rng = Random(seed)  # noqa: S311 - the order of things, not keys
        self._rate = rate
        self._living: set[asyncio.Task[None]] = set()
        self._enough = False
        self.telegram = TelegramSender(town.telegram, front.timings)
        self.discord = DiscordSender(town.discord, front.timings)
        self._senders = (
            WebSender(front),
            self.telegram,
            self.discord,
            TelegramAsker(town.telegram, self.telegram, front),
            DiscordAsker(town.discord, self.discord, front),
        )

    async def live(self) -> None:
        """Let people come; return when the last one went."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_at_lists())
            group.create_task(self._administer())
            number = 0
            while not self._enough:
                await asyncio.sleep(self._rng.expovariate(self._rate))
                if len(self._living) < AT_ONCE:
                    number += 1
                    life = group.create_task(self._noted(f"{self._seed}/{number}"))
                    self._living.add(life)
                    life.add_done_callback(self._living.discard)

    def leave(self) -> None:
        self._enough = True

    async def _noted(self, seed: str) -> None:
        """Live; what may not be is noted, and ends this life alone."""
        try:
            await self._live(seed)
        except (Refused, AssertionError, TimeoutError) as error:
            frames = traceback.extract_tb(error.__traceback__)
            where = " > ".join(one.name for one in frames if "soak" in one.filename)
            what = f"{type(error).__name__} {error} in {where}"
            self._ledger.wrong.append(f"a life ended early: {what}")

    async def _live(self, seed: str) -> None:
        rng = Random(seed)  # noqa: S311 - same
        [sender] = rng.choices(self._senders, SENDERS)
        entry = await sender.share(seed, rng)
        self._ledger.entries.append(entry)
        if isinstance(entry.letter, Message) and rng.random() < EXTENDED:
            await self._extend(entry, entry.letter)
        await befall(self._front, entry, rng)

    async def _extend(self, entry: Entry, message: Message) -> None:
        if await message.extend():
            entry.until = time.time() + 3500

    async def _look_at_lists(self) -> None:
        while not self._enough:
            await asyncio.sleep(LOOK_EVERY)
            await self.telegram.list_(self._rng)
            await self.discord.list_(self._rng)

    async def _administer(self) -> None:
        """Look at the page of figures and their JSON, at readiness, and at what visitors see."""
        token = ""
        while not self._enough:
            if not token:
                token = (await self._front.ask("/auth/token", data=LOGIN))["token"]
            for path in ("/stats", "/stats-json", "/list-files", "/readyz", "/"):
                headers = {"Authorization": f"Bearer {token}"}
                try:
                    await self._front.ask(path, method="GET", headers=headers)
                except Refused as refused:
                    if refused.status != 401:
                        raise
                    token = ""  # it is over, after a quarter of an hour
                    break
            await asyncio.sleep(LOOK_EVERY)

    def count_again(self) -> None:
        """Note the links that a bot gave once more, as it was killed while it answered."""
        for entry in list(self._ledger.entries):
            if isinstance(entry.letter, Message):
                self._ledger.entries += self.telegram.again(entry, entry.letter)
