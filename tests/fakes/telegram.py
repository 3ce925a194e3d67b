"""A Telegram of the tests: the Bot API over HTTP on loopback, with its limits and its moods."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiogram.types import Message as CheckedMessage
from aiogram.types import Update as CheckedUpdate
from aiohttp import web

from tests.contents import until
from tests.fakes.telegram_spec import Spec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TOKEN = "1234567:AAFakeTokenOfTheTests_0123456789abcd"
BOT = {"id": 1234567, "is_bot": True, "first_name": "Once", "username": "once_bot"}
DATE = 1_790_000_000
GET_FILE_LIMIT = 20_000_000
LONG_POLL = 2.0  # seconds at most: the bot asks for more


@dataclass(slots=True)
class Stored:
    """A file on the platform; `cut` breaks its download off after so many bytes."""

    body: bytes
    cut: int | None = None


@dataclass(slots=True)
class Refusal:
    """An answer to a method's next call instead of the true one."""

    code: int
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)


class FakeTelegram:
    """One bot's world."""

    def __init__(self) -> None:
        self.url = ""
        self.spec = Spec()
        self.messages: dict[int, dict[str, Any]] = {}  # what is in the chats now
        self.sent: list[dict[str, Any]] = []  # what the bot sent, as first sent
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.files: dict[str, Stored] = {}
        self.refusals: dict[str, deque[Refusal]] = {}
        self._updates: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._last_message = 100
        self._last_update = 7000
        self.down = False

    # ── what people do ──────────────────────────────────────────────────────────────────────

    def say(self, chat: int = 42, in_a: str = "private", /, **content: Any) -> dict[str, Any]:
        """Send a message to the bot; answer it as the chat holds it."""
        self._last_message += 1
        about = {"id": chat, "type": in_a}
        about |= {"first_name": "Sam"} if in_a == "private" else {"title": "A group"}
        message = {
            "message_id": self._last_message,
            "date": DATE,
            "chat": about,
            "from": {"id": 42, "is_bot": False, "first_name": "Sam", "language_code": "en"},
            **content,
        }
        self.messages[self._last_message] = message
        self.deliver(message)
        return message

    def deliver(self, message: dict[str, Any]) -> None:
        """Tell the bot of a message, perhaps once more."""
        self._last_update += 1
        update = {"update_id": self._last_update, "message": message}
        CheckedUpdate.model_validate(update)
        self.spec.check_object("Update", update)
        self._updates.append(update)
        self._news.set()

    def store(self, body: bytes, cut: int | None = None) -> dict[str, Any]:
        """Keep a file; answer what a message says of it."""
        name = f"file{len(self.files)}"
        self.files[name] = Stored(body, cut)
        return {"file_id": name, "file_unique_id": name, "file_size": len(body)}

    def refuse(self, method: str, code: int, description: str, **parameters: Any) -> None:
        """Answer the next call of a method with an error."""
        self.refusals.setdefault(method, deque()).append(Refusal(code, description, parameters))

    async def answers(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for the bot's messages, as the chats show them now."""
        await until(lambda: len(self.sent) >= count)
        return [self.messages[sent["message_id"]] for sent in self.sent]

    # ── what the bot calls ──────────────────────────────────────────────────────────────────

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of the API."""
        if self.down:
            return web.Response(status=502, text="Bad Gateway")
        if request.match_info["token"] != TOKEN:
            return _failed(Refusal(401, "Unauthorized"))
        method = request.match_info["method"]
        parameters = {key: _value(str(text)) for key, text in (await request.post()).items()}
        self.calls.append((method, parameters))
        self.spec.check_call(method, parameters)
        if self.refusals.get(method):
            return _failed(self.refusals[method].popleft())
        handler = getattr(self, f"on_{method}", None)
        if handler is None:
            return web.json_response({"ok": True, "result": True})
        answer = await handler(parameters)
        if isinstance(answer, Refusal):
            return _failed(answer)
        return web.json_response({"ok": True, "result": answer})

    async def on_getMe(self, _given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the API's names
        """Tell who the bot is."""
        return BOT | {"can_join_groups": True, "can_read_all_group_messages": False}

    async def on_getUpdates(self, given: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: N802
        """Forget what is confirmed; wait for what is not."""
        offset = given.get("offset", 0)
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        if not self._updates and given.get("timeout"):
            self._news.clear()
            try:
                async with asyncio.timeout(min(given["timeout"], LONG_POLL)):
                    await self._news.wait()
            except TimeoutError:
                pass
        return self._updates[: given.get("limit", 100)]

    async def on_sendMessage(self, given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        """Put the bot's message into the chat."""
        self._last_message += 1
        message = {
            "message_id": self._last_message,
            "date": DATE,
            "chat": {"id": given["chat_id"], "type": "private", "first_name": "Sam"},
            "from": BOT,
            "text": given["text"],
        }
        if "reply_markup" in given:
            message["reply_markup"] = given["reply_markup"]
        CheckedMessage.model_validate(message)
        self.messages[self._last_message] = message
        self.sent.append(message | {"asked": given})
        return message

    async def on_editMessageText(self, given: dict[str, Any]) -> dict[str, Any] | Refusal:  # noqa: N802
        """Change a message of the bot."""
        message = self.messages.get(given["message_id"])
        if message is None:
            return Refusal(400, "Bad Request: message to edit not found")
        changed = message | {"text": given["text"]}
        self.messages[given["message_id"]] = changed
        return changed

    async def on_deleteMessage(self, given: dict[str, Any]) -> bool | Refusal:  # noqa: N802
        """Take a message out of the chat."""
        if self.messages.pop(given["message_id"], None) is None:
            return Refusal(400, "Bad Request: message to delete not found")
        return True

    async def on_getFile(self, given: dict[str, Any]) -> dict[str, Any] | Refusal:  # noqa: N802
        """Say where a file is, unless it is too big for bots."""
        stored = self.files.get(given["file_id"])
        if stored is None:
            return Refusal(400, "Bad Request: invalid file_id")
        if len(stored.body) > GET_FILE_LIMIT:
            return Refusal(400, "Bad Request: file is too big")
        size = len(stored.body)
        path = f"documents/{given['file_id']}"
        name = given["file_id"]
        return {"file_id": name, "file_unique_id": name, "file_size": size, "file_path": path}

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send a file, or break off."""
        stored = self.files[request.match_info["name"]]
        answer = web.StreamResponse()
        answer.content_length = len(stored.body)
        await answer.prepare(request)
        if stored.cut is None:
            await answer.write(stored.body)
        else:
            await answer.write(stored.body[: stored.cut])
            if request.transport is not None:
                request.transport.close()
        return answer


def _failed(refusal: Refusal) -> web.Response:
    told = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        told["parameters"] = refusal.parameters
    return web.json_response(told, status=refusal.code)


def _value(text: str) -> Any:
    """Read a form's text as the API does: everything but plain strings is JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, float) else value


@asynccontextmanager
async def fake_telegram() -> AsyncIterator[FakeTelegram]:
    """Run a Telegram on loopback; what broke its rules fails the test in the end."""
    fake = FakeTelegram()
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", fake.call)
    app.router.add_get("/file/bot{token}/documents/{name}", fake.download)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        await runner.cleanup()
    assert fake.spec.wrong == []
