"""People in Telegram: what they send the bot, press and read, each in a chat of their own."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.fakes.telegram_chats import SAM, buttons
from tests.fakes.telegram_talk import links
from tests.soak.ledger import EXPIRED, LOCKED, OPENED, Entry
from tests.soak.packed import Packed
from tests.soak.recipients import Shared, content_of
from tests.soak.town import LIFETIME

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random
    from typing import TypeAlias

    from tests.fakes.telegram import FakeTelegram
    from tests.soak.timings import Timings

    Make: TypeAlias = "Callable[..., Shared]"

LOOK_EVERY = 0.02  # seconds
PATIENCE = 120.0  # seconds that somebody waits for an answer to a message
AGAIN = 3.0  # seconds before somebody presses once more
FIRST_CHAT, CHATS = 5000, 24
SIZES = (1000, 40_000, 300_000, 2_000_000)
SAYS = {OPENED: "Opened", EXPIRED: "Expired unopened"}
OVER = "opens nothing any more"


class Inbox:
    """What the bot sent, by the message that it answers."""

    def __init__(self, telegram: FakeTelegram) -> None:
        self._telegram = telegram
        self._seen = 0
        self._by_answered: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        self._loose: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        # Messages with a link whose end no notice answers, by chat and by what it should say.
        self.unnoted: defaultdict[tuple[int, str], set[int]] = defaultdict(set)

    def loose(self, chat: int) -> list[dict[str, Any]]:
        """List what answers nothing."""
        return self._loose[chat]

    def answers(self, number: int) -> list[dict[str, Any]]:
        """List what answers a message, as it was sent."""
        for sent in self._telegram.sent[self._seen :]:
            sent["came"] = time.monotonic() - (time.time() - sent["date"])
            to = sent["asked"].get("reply_parameters", {}).get("message_id")
            if to is None:
                self._loose[sent["chat"]["id"]].append(sent)
            else:
                self._by_answered[to].append(sent)
        self._seen = len(self._telegram.sent)
        return self._by_answered[number]


@dataclass(slots=True)
class Message:
    """The bot's message with a link, as its sender sees it."""

    telegram: FakeTelegram
    inbox: Inbox
    number: int
    chat: int
    original: int  # the message of its sender

    @property
    def text(self) -> str:
        return str(self.telegram.messages[self.number]["text"])

    def offers(self, label: str) -> bool:
        shown = buttons(self.telegram.messages[self.number])
        return any(button["text"] == label for button in shown)

    async def press(self, *labels: str) -> None:
        """Press the first of these that is offered, and see what becomes of it."""
        before = self.telegram.messages[self.number]
        for label in labels:
            if self.offers(label):
                self.telegram.press(before, label, by=self.chat)
                break
        deadline = time.monotonic() + AGAIN
        while self.telegram.messages[self.number] == before and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_EVERY)

    async def revoke(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            while OVER not in self.text:
                await self.press("Yes, destroy it", "Revoke")
        return "Revoked" in self.text

    async def unlock(self) -> bool:
        return False

    async def extend(self) -> bool:
        """Choose an hour; answer whether the message says so."""
        await self.press("1 h")
        return bool(re.search(r"expires in (1 h|59 min)", self.text))

    def untold(self, outcome: str) -> str:
        """Look for the edit and the notice; who revokes it gets none.

        A bot that dies, or finds no Redis, before it noted which message holds the link tells by a
        notice that answers nothing.
        """
        if outcome == LOCKED:
            return ""
        over, said = OVER in self.text, SAYS.get(outcome)
        if said is None:
            return "" if over else "the message with the link does not say that it was revoked"
        if any(one["text"].startswith(said) for one in self.inbox.answers(self.number)):
            return "" if over else f"the message with the link does not say that it was {outcome}"
        self.inbox.unnoted[self.chat, said].add(self.number)
        loose = sum(one["text"].startswith(said) for one in self.inbox.loose(self.chat))
        enough = loose >= len(self.inbox.unnoted[self.chat, said])
        return "" if enough else f"nothing says that it was {outcome}"

    def told(self) -> list[float]:
        """Tell when each notice of its end came, as `time.monotonic` counts."""
        ends = tuple(SAYS.values())
        answers = self.inbox.answers(self.number)
        return [one["came"] for one in answers if one["text"].startswith(ends)]


class TelegramSender:
    """Shares texts, files and albums."""

    door = "telegram"

    def __init__(self, telegram: FakeTelegram, timings: Timings) -> None:
        self._telegram = telegram
        self._timings = timings
        self.inbox = Inbox(telegram)
        self.originals: list[int] = []

    async def share(self, seed: str, rng: Random) -> Entry:
        """Send something, again where the bot says that it failed, until there is a link."""
        while True:
            began, now = time.monotonic(), time.time()
            chat = FIRST_CHAT + rng.randrange(CHATS)
            make, sent = self._send(seed, rng, chat)
            answer = await self.answer(sent[0]["message_id"])
            for name in [name for one in sent for name in _files(one)]:
                del self._telegram.files[name]
            if found := links(answer):
                shared = make(link=found[0])
                self.originals += [one["message_id"] for one in sent]
                kind = "telegram" if shared.size <= 40_000 else "telegram, large"
                self._timings.note(kind, began)
                return Entry(self.door, shared, self._message(answer, sent), now + LIFETIME)
            self._timings.broke("telegram", began, LookupError())
            await asyncio.sleep(1)

    def _message(self, answer: dict[str, Any], sent: list[dict[str, Any]]) -> Message:
        number, chat = answer["message_id"], answer["chat"]["id"]
        return Message(self._telegram, self.inbox, number, chat, sent[0]["message_id"])

    def again(self, entry: Entry, message: Message) -> list[Entry]:
        """List what was answered once more, as the bot was killed before it knew that it had."""
        made = []
        for answer in self.inbox.answers(message.original):
            [link] = links(answer) or [entry.link]
            if link == entry.link:  # given twice: what is told is told at the later message
                message.number = max(message.number, answer["message_id"])
                continue
            entry.replaced = True
            shared = replace(entry.shared, link=link, recipients=[])
            other = replace(message, number=answer["message_id"])
            made.append(Entry(self.door, shared, other, entry.until, replaced=True))
        if made:
            made[-1].replaced = False
        return made

    def _send(self, seed: str, rng: Random, chat: int) -> tuple[Make, list[dict[str, Any]]]:
        who, kind = sent_by(chat), rng.random()
        if kind < 0.6:
            size = rng.choice([20, 500, 3000])  # not so long that it could be a part of a paste
            text = content_of(seed, size, text=True)
            told = self._telegram.say(chat, text=text.decode(), **who)
            return partial(Shared, seed=seed, size=size, text=True), [told]
        if kind < 0.9:
            size = rng.choice(SIZES)
            document = self._telegram.store(content_of(seed, size), file_name="x.bin")
            told = self._telegram.say(chat, document=document, **who)
            return partial(Shared, seed=seed, size=size), [told]
        files = {f"{n}.bin": content_of(f"{seed}/{n}", 30_000) for n in range(3)}
        documents = [self._telegram.store(one, file_name=name) for name, one in files.items()]
        album = [
            self._telegram.say(chat, document=document, media_group_id=seed, **who)
            for document in documents
        ]
        return partial(Packed, seed=seed, size=1, files=files), album

    async def answer(self, number: int) -> dict[str, Any]:
        """Wait for the first answer to a message."""
        async with asyncio.timeout(PATIENCE):
            while not self.inbox.answers(number):
                await asyncio.sleep(LOOK_EVERY)
        return self.inbox.answers(number)[0]

    async def list_(self, rng: Random) -> None:
        """Ask for the list."""
        began, chat = time.monotonic(), FIRST_CHAT + rng.randrange(CHATS)
        asked = self._telegram.command("/list", chat, **sent_by(chat))
        try:
            await self.answer(asked["message_id"])
        except TimeoutError as error:
            self._timings.broke("telegram, list", began, error)
        else:
            self._timings.note("telegram, list", began)

    def left(self) -> int:
        """Count the originals that the chats still show, though their senders have the links."""
        return sum(number in self._telegram.messages for number in self.originals)


def sent_by(number: int) -> dict[str, Any]:
    """Say who sends a message: in a private chat, chat and person are one."""
    return {"from": SAM | {"id": number, "language_code": "en"}}


def _files(message: dict[str, Any]) -> list[str]:
    return [message["document"]["file_id"]] if "document" in message else []
