"""The people of a Telegram of the tests: what they send, and what their chats show."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from tests.contents import until
from tests.fakes.telegram_judge import Judge

BOT = {"id": 1234567, "is_bot": True, "first_name": "Once", "username": "once_bot"}
SAM = {"id": 42, "is_bot": False, "first_name": "Sam", "language_code": "en"}
GET_FILE_LIMIT = 20_000_000  # bytes
DELETABLE = 48 * 60 * 60  # seconds


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """List the buttons under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


@dataclass(slots=True)
class Stored:
    """A file on the platform; `cut` breaks its download off after so many bytes.

    `told` is the size that getFile and Content-Length tell: not always the truth, or nothing.
    """

    body: bytes
    cut: int | None
    told: int | None


class Chats:
    """One bot's world, from the side of the people in it."""

    def __init__(self) -> None:
        self.judge = Judge()
        self.language = "en"  # of everybody's app
        self.messages: dict[int, dict[str, Any]] = {}  # what the chats show now
        self.sent: list[dict[str, Any]] = []  # what the bot sent, as first sent
        self.files: dict[str, Stored] = {}
        self.updates: list[dict[str, Any]] = []  # not confirmed yet
        self.news = asyncio.Event()
        self._chats: dict[int, dict[str, Any]] = {}
        self._last_message = 100
        self._last_file = 0
        self._last_update = 7000

    def say(self, chat: int = 42, in_a: str = "private", /, **content: Any) -> dict[str, Any]:
        """Send a message to the bot; answer it as the chat holds it."""
        about = {"id": chat, "type": in_a}
        about |= {"first_name": "Sam"} if in_a == "private" else {"title": "A group"}
        self._chats[chat] = about
        message = self.put(chat, {"from": SAM | {"language_code": self.language}, **content})
        self.deliver(message)
        return message

    def command(
        self, text: str, chat: int = 42, in_a: str = "private", **content: Any
    ) -> dict[str, Any]:
        """Send a command."""
        word = text.split(maxsplit=1)[0]
        entity = {"type": "bot_command", "offset": 0, "length": len(word)}
        return self.say(chat, in_a, text=text, entities=[entity], **content)

    def put(self, chat: int, content: dict[str, Any]) -> dict[str, Any]:
        """Put a message into a chat."""
        self._last_message += 1
        about = self._chats[chat]
        message = {"message_id": self._last_message, "date": int(time.time()), "chat": about}
        self.messages[self._last_message] = message | content
        return self.messages[self._last_message]

    def press(self, message: dict[str, Any], label: str, *, by: int = 42) -> None:
        """Press a button under a message of the bot, as the chat shows it now."""
        shown = self.messages[message["message_id"]]
        [button] = [b for b in buttons(shown) if b["text"] == label]
        self.press_data(shown, button["callback_data"], by=by)

    def press_data(self, message: dict[str, Any], data: str, *, by: int = 42) -> None:
        """Press a button that says this; a message that is gone is inaccessible to the bot."""
        self._last_update += 1
        if message["message_id"] not in self.messages:
            message = {"chat": message["chat"], "message_id": message["message_id"], "date": 0}
        query = {
            "id": f"q{self._last_update}",
            "from": SAM | {"id": by, "language_code": self.language},
            "chat_instance": "1",
        }
        query |= {"message": message, "data": data}
        update = {"update_id": self._last_update, "callback_query": query}
        self.judge.update(update)
        self.tell(update)

    def edit(self, message: dict[str, Any], text: str) -> None:
        """Edit a message that was sent."""
        self._last_update += 1
        edited = message | {"text": text, "edit_date": int(time.time())}
        update = {"update_id": self._last_update, "edited_message": edited}
        self.judge.update(update)
        self.tell(update)

    def deliver(self, message: dict[str, Any]) -> None:
        """Tell the bot of a message, perhaps once more."""
        self._last_update += 1
        update = {"update_id": self._last_update, "message": message}
        self.judge.update(update)
        self.tell(update)

    def tell(self, update: dict[str, Any]) -> None:
        """Tell the bot an update as it is, well-formed or not."""
        self.updates.append(update)
        self.news.set()

    def store(
        self, body: bytes, *, cut: int | None = None, told: int | None = -1, **more: Any
    ) -> dict[str, Any]:
        """Keep a file; answer what a message says of it. `told`: another size, or none at all."""
        name = f"file{self._last_file}"
        self._last_file += 1
        size = len(body) if told == -1 else told
        self.files[name] = Stored(body, cut, size)
        announced = {} if size is None else {"file_size": size}
        return {"file_id": name, "file_unique_id": name, **announced, **more}

    async def answers(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for the bot's messages, as the chats show them now."""
        await until(lambda: len(self.sent) >= count)
        return [self.messages[sent["message_id"]] for sent in self.sent]

    async def gone(self, message: dict[str, Any]) -> None:
        """Wait until the chat no longer shows a message."""
        await until(lambda: message["message_id"] not in self.messages)

    async def said(self, *words: str) -> dict[str, Any]:
        """Wait until a message of the bot, as the chat shows it now, has all these words."""

        def found() -> list[dict[str, Any]]:
            sent = [one["message_id"] for one in self.sent]
            shown = [self.messages[number] for number in sent if number in self.messages]
            return [m for m in shown if all(word in m["text"] for word in words)]

        await until(found)
        return found()[0]
