"""People on Discord: the form, the direct message, and the buttons below a link."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from tests.fakes.discord_talk import links
from tests.fakes.discord_world import EPHEMERAL
from tests.soak.ledger import EXPIRED, LOCKED, OPENED, REVOKED, Entry
from tests.soak.packed import Packed
from tests.soak.recipients import Shared, content_of
from tests.soak.town import LIFETIME

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.fakes.discord import FakeDiscord
    from tests.soak.timings import Timings

LOOK_EVERY = 0.02  # seconds
PATIENCE = 60.0  # seconds that somebody waits for an answer before they try once more
AGAIN = 3.0  # seconds before somebody presses once more
TOKEN_LIVES = 13 * 60  # seconds in which the bot may edit its answer
FIRST_USER, USERS = 623456789012345678, 12
SAYS = {OPENED: "Opened", EXPIRED: "Expired unopened", REVOKED: "Revoked"}


@dataclass(slots=True)
class Answer:
    """The bot's message with a link, as its sender sees it."""

    discord: FakeDiscord
    number: str
    user: str
    at: float  # when its sender asked, as `time.monotonic` counts

    @property
    def direct(self) -> bool:
        """Whether it is a direct message, and not one that its sender alone sees."""
        return not self.discord.messages[self.number]["flags"] & EPHEMERAL

    @property
    def text(self) -> str:
        return str(self.discord.messages[self.number]["content"])

    @property
    def over(self) -> bool:
        return not links(self.text) and not self.discord.messages[self.number]["components"]

    async def press(self, *labels: str) -> None:
        """Press the first of these that is offered, and see what becomes of it."""
        before = self.text, self.discord.offered(self.number)
        for label in labels:
            if label in before[1]:
                await self.discord.press(self.number, label, user=self.user)
                break
        deadline = time.monotonic() + AGAIN
        while time.monotonic() < deadline:
            if (self.text, self.discord.offered(self.number)) != before:
                return
            await asyncio.sleep(LOOK_EVERY)

    async def revoke(self) -> bool:
        async with asyncio.timeout(4 * PATIENCE):
            while not self.over:
                try:
                    await self.press("Destroy it", "Revoke", "Refresh")
                except TimeoutError:  # the bot is not there
                    continue
        return "Revoked" in self.text

    async def unlock(self) -> bool:
        return False

    def untold(self, outcome: str) -> str:
        """Look for the edit; a direct message also has a notice."""
        if outcome == LOCKED or time.monotonic() - self.at > TOKEN_LIVES:
            return ""
        if not self.over or SAYS[outcome] not in self.text:
            return f"the answer with the link does not say that it was {outcome}"
        if self.direct and outcome != REVOKED and not self._told():
            return f"no notice says that it was {outcome}"
        return ""

    def _told(self) -> int:
        """Count the notices."""
        ends = tuple(SAYS.values())
        return sum(
            str(one.get("message_reference", {}).get("message_id")) == self.number
            and one["content"].startswith(ends)
            for one in self.discord.dms
        )


class DiscordSender:
    """Shares texts by the form, files by the command, several at once, and by direct message."""

    door = "discord"

    def __init__(self, discord: FakeDiscord, timings: Timings) -> None:
        self._discord = discord
        self._timings = timings
        self._direct = asyncio.Lock()  # all direct messages come in one channel

    async def share(self, seed: str, rng: Random) -> Entry:
        """Share something, again where nobody answers, until there is a link."""
        while True:
            began, now = time.monotonic(), time.time()
            user = str(FIRST_USER + rng.randrange(USERS))
            try:
                make, number = await self._asked(seed, rng, user)
            except (TimeoutError, LookupError) as error:
                self._timings.broke("discord", began, error)
                await asyncio.sleep(1)
                continue
            shared = make(links(self._discord.messages[number]["content"])[0])
            kind = "discord" if shared.size <= 40_000 else "discord, large"
            self._timings.note(kind, began)
            answer = Answer(self._discord, number, user, began)
            return Entry(self.door, shared, answer, now + LIFETIME)

    async def _asked(self, seed: str, rng: Random, user: str) -> tuple[Callable[..., Shared], str]:
        """Ask in one of the ways; answer what makes the secret of its link, and the message."""
        kind, files = rng.random(), dict[str, bytes]()
        if kind < 0.6:
            size = rng.choice([20, 500, 1900])
            text = content_of(seed, size, text=True).decode()
            ask = self._message(user, text) if kind < 0.1 else self._form(user, {"text": text})
            number = await ask
            return partial(Shared, seed=seed, size=size, text=True), number
        if kind < 0.8:
            size = rng.choice([1000, 40_000, 300_000, 2_000_000])
            file = self._discord.store(content_of(seed, size), "x.bin")
            asked = await self._discord.command("share", file, user=user)
            number = await self._link(asked, [file])
            return partial(Shared, seed=seed, size=size), number
        files = {f"{n}.bin": content_of(f"{seed}/{n}", 30_000) for n in range(3)}
        stored = [self._discord.store(content, name) for name, content in files.items()]
        number = await self._form(user, {}, *stored)
        return partial(Packed, seed=seed, size=1, files=files), number

    async def _message(self, user: str, text: str) -> str:
        """Send a direct message, and wait for the link that comes after it."""
        async with self._direct:
            written = self._discord.written(text, author=user)
            mine = await self._discord.message(number=written["id"])

            def found() -> list[str]:
                shown = self._discord.messages
                later = takewhile(lambda one: one != mine, reversed(shown))
                direct = [one for one in later if not shown[one]["flags"] & EPHEMERAL]
                return [one for one in direct if links(shown[one]["content"])]

            await self.until(found)
            return found()[0]

    async def until(self, met: Callable[[], object]) -> None:
        """Wait for an answer, as long as the bot is there that was asked.

        Raises:
            TimeoutError: nobody answers.
        """
        asked = self._discord.identified
        async with asyncio.timeout(PATIENCE):
            while not met():
                if self._discord.identified != asked:
                    raise TimeoutError
                await asyncio.sleep(LOOK_EVERY)

    async def _form(self, user: str, values: dict[str, str], *files: dict[str, Any]) -> str:
        form = await self._discord.form(await self._discord.command("share", user=user))
        values = {"lifetime": str(LIFETIME), **values}
        return await self._link(await self._discord.submit(form, values, *files, user=user), files)

    async def _link(self, number: str, files: Any) -> str:
        """Wait for the message with a link that answers an interaction.

        Raises:
            LookupError: the bot says that it can't be had now.
            TimeoutError: nobody answers.
        """
        try:
            await self.until(lambda: self._discord.contents(number))
        finally:
            for file in files:
                del self._discord.files[file["id"]]
        for one in self._discord.interactions[number].made:
            if links(self._discord.messages[one]["content"]):
                return one
        raise LookupError

    async def list_(self, rng: Random) -> None:
        """Ask for the list."""
        began, user = time.monotonic(), str(FIRST_USER + rng.randrange(USERS))
        try:
            number = await self._discord.command("secrets", user=user)
            await self.until(lambda: self._discord.contents(number))
        except TimeoutError as error:
            self._timings.broke("discord, list", began, error)
            return
        self._timings.note("discord, list", began)
