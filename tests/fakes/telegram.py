"""A Telegram of the tests: the Bot API over HTTP on loopback, with its limits and its moods."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict, deque
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from yarl import URL

from tests.fakes.telegram_chats import BOT, DELETABLE, GET_FILE_LIMIT, Chats
from tests.fakes.telegram_webhook import ALLOWED_PORTS, Bringer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOKEN = "1234567:AAFakeTokenOfTheTests_0123456789abcd"
LONG_POLL = 2.0  # seconds at most: the bot asks for more
WITHOUT_EFFECT = {"setMyCommands", "sendChatAction", "answerCallbackQuery"}


@dataclass(slots=True)
class Refusal:
    """An answer to a method's next call instead of the true one."""

    code: int
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Drop:
    """The connection breaks at a method's next call; `done`: after the call had its effect."""

    done: bool


class FakeTelegram(Chats):
    """One bot's world, from the side of the API."""

    def __init__(self) -> None:
        super().__init__()
        self.url = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.moods: defaultdict[str, deque[Refusal | Drop]] = defaultdict(deque)
        self.gates: dict[str, asyncio.Event] = {}  # what a call (or "download") waits for
        self.webhook = ""
        self.bringer: Bringer | None = None
        self._bringing: asyncio.Task[None] | None = None
        self.down = False
        self.local: Path | None = None  # where a local server keeps its files
        self.where: dict[str, Path] = {}  # files that it says are elsewhere
        self.token = TOKEN
        self._poll = 0

    def refuse(self, method: str, code: int, description: str, **parameters: Any) -> None:
        """Answer the next call of a method with an error."""
        self.moods[method].append(Refusal(code, description, parameters))

    def drop(self, method: str, *, done: bool) -> None:
        """Break the connection at the next call of a method."""
        self.moods[method].append(Drop(done))

    def hold(self, method: str) -> asyncio.Event:
        """Let calls of a method, or every "download", wait until the event is set."""
        return self.gates.setdefault(method, asyncio.Event())

    def called(self, method: str) -> list[dict[str, Any]]:
        """Tell the parameters of each call of a method."""
        return [given for name, given in self.calls if name == method]

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of the API."""
        if self.down:
            return web.Response(status=502, text="Bad Gateway")
        method, token = request.match_info["method"], request.match_info["token"]
        if token != self.token:
            known = re.fullmatch(r"\d+:[\w-]{30,}", token)
            return _failed(Refusal(401, "Unauthorized") if known else Refusal(404, "Not Found"))
        given = {key: _value(str(text)) for key, text in (await request.post()).items()}
        self.calls.append((method, given))
        self.judge.call(method, given)
        if method in self.gates:
            await self.gates[method].wait()
        mood = self.moods[method].popleft() if self.moods[method] else None
        answer = mood if isinstance(mood, Refusal) else None
        if not (mood == Drop(done=False) or answer):
            answer = await self._do(method, given)
        if isinstance(mood, Drop) and request.transport is not None:
            request.transport.close()
        return _failed(answer) if isinstance(answer, Refusal) else _done(answer)

    async def _do(self, method: str, given: dict[str, Any]) -> Any:
        if method in WITHOUT_EFFECT:
            return True
        answer = await getattr(self, f"on_{method}")(given)
        if not isinstance(answer, Refusal) and method != "getUpdates":  # judged when delivered
            self.judge.answer(method, answer)
        return answer

    async def on_getMe(self, _given: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the API's names
        """Tell who the bot is."""
        return BOT | {"can_join_groups": True, "can_read_all_group_messages": False}

    async def on_deleteWebhook(self, _given: dict[str, Any]) -> bool:  # noqa: N802
        """Forget the webhook; what was not brought waits."""
        self.webhook = ""
        await self.bring_nothing()
        return True

    async def on_setWebhook(self, given: dict[str, Any]) -> bool | Refusal:  # noqa: N802
        """Bring updates from now on, to an address that the platform would call."""
        url = URL(given["url"])
        if url.scheme != "https" and url.host != "127.0.0.1":
            return Refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided")
        if url.scheme == "https" and url.explicit_port not in ALLOWED_PORTS:
            return Refusal(400, "Bad Request: bad webhook: only on ports 80, 88, 443 or 8443")
        await self.bring_nothing()
        self.webhook = str(url)
        self.bringer = Bringer(self, self.webhook, given.get("secret_token", ""))
        self._bringing = asyncio.create_task(self.bringer.run())
        return True

    async def bring_nothing(self) -> None:
        """Bring no more updates."""
        if self._bringing is not None:
            self._bringing.cancel()
            await asyncio.wait([self._bringing])
        self._bringing = None

    async def on_getUpdates(self, given: dict[str, Any]) -> list[dict[str, Any]] | Refusal:  # noqa: N802
        """Forget what is confirmed; wait for what is not. A later poll ends an earlier one."""
        if self.webhook:
            return Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        self._poll += 1
        mine = self._poll
        self.news.set()
        offset = given.get("offset", 0)
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        with suppress(TimeoutError):
            async with asyncio.timeout(min(given.get("timeout", 0), LONG_POLL)):
                while not self.updates and self._poll == mine:
                    self.news.clear()
                    await self.news.wait()
        if self._poll != mine:
            return Refusal(409, "Conflict: terminated by other getUpdates request")
        return self.updates[: given.get("limit", 100)]

    async def on_sendMessage(self, given: dict[str, Any]) -> dict[str, Any] | Refusal:  # noqa: N802
        """Put the bot's message into the chat."""
        to = given.get("reply_parameters", {})
        told = {"from": BOT, "text": given["text"]}
        if to and to["message_id"] in self.messages:
            replied = self.messages[to["message_id"]]
            told["reply_to_message"] = {k: v for k, v in replied.items() if k != "reply_to_message"}
        elif to and not to.get("allow_sending_without_reply"):
            return Refusal(400, "Bad Request: message to be replied not found")
        if "inline_keyboard" in given.get("reply_markup", {}):  # other kinds are not told again
            told["reply_markup"] = given["reply_markup"]
        message = self.put(given["chat_id"], told)
        self.sent.append(message | {"asked": given})
        return message

    async def on_editMessageText(self, given: dict[str, Any]) -> dict[str, Any] | Refusal:  # noqa: N802
        """Change a message of the bot."""
        message = self.messages.get(given["message_id"])
        if message is None:
            return Refusal(400, "Bad Request: message to edit not found")
        markup = given.get("reply_markup")
        if (message["text"], message.get("reply_markup")) == (given["text"], markup):
            return Refusal(400, "Bad Request: message is not modified")
        return self._changed(message | {"text": given["text"]}, markup)

    async def on_editMessageReplyMarkup(self, given: dict[str, Any]) -> dict[str, Any] | Refusal:  # noqa: N802
        """Change the buttons under a message of the bot."""
        message = self.messages.get(given["message_id"])
        if message is None:
            return Refusal(400, "Bad Request: message to edit not found")
        return self._changed(message, given.get("reply_markup"))

    def _changed(self, message: dict[str, Any], markup: dict[str, Any] | None) -> dict[str, Any]:
        """Show a message of the bot as it is now; without a markup its buttons are gone."""
        shown = {k: v for k, v in message.items() if k != "reply_markup"}
        shown |= {"reply_markup": markup} if markup else {}
        self.messages[message["message_id"]] = shown
        return shown

    async def on_deleteMessage(self, given: dict[str, Any]) -> bool | Refusal:  # noqa: N802
        """Take a message out of the chat, unless it is too old."""
        message = self.messages.get(given["message_id"])
        if message is None:
            return Refusal(400, "Bad Request: message to delete not found")
        if time.time() - message["date"] > DELETABLE:
            return Refusal(400, "Bad Request: message can't be deleted for everyone")
        del self.messages[given["message_id"]]
        return True

    async def on_deleteMessages(self, given: dict[str, Any]) -> bool | Refusal:  # noqa: N802
        """Take several messages out of the chat; those that are not there are skipped."""
        there = [number for number in given["message_ids"] if number in self.messages]
        if any(time.time() - self.messages[number]["date"] > DELETABLE for number in there):
            return Refusal(400, "Bad Request: message can't be deleted for everyone")
        for number in there:
            del self.messages[number]
        return True

    async def on_getFile(self, given: dict[str, Any]) -> dict[str, Any] | Refusal:  # noqa: N802
        """Say where a file is, unless it is too big for bots."""
        name = given["file_id"]
        stored = self.files.get(name)
        if stored is None:
            return Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if self.local is None and len(stored.body) > GET_FILE_LIMIT:
            return Refusal(400, "Bad Request: file is too big")
        told = {} if stored.told is None else {"file_size": stored.told}
        path = f"documents/{name}" if self.local is None else str(self._fetch(name, self.local))
        return {"file_id": name, "file_unique_id": name, "file_path": path} | told

    def _fetch(self, name: str, folder: Path) -> Path:
        """Put a file on the disk of the local server."""
        path = self.where.get(name, folder / self.token / "documents" / name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.files[name].body[: self.files[name].cut])
        return path

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send a file, or break off."""
        if request.match_info["token"] != self.token:
            return _failed(Refusal(401, "Unauthorized"))
        if "download" in self.gates:
            await self.gates["download"].wait()
        stored = self.files[request.match_info["name"]]
        answer = web.StreamResponse()
        if stored.told is None:
            answer.enable_chunked_encoding()
        else:
            answer.content_length = len(stored.body)
        await answer.prepare(request)
        await answer.write(stored.body if stored.cut is None else stored.body[: stored.cut])
        if stored.cut is not None and request.transport is not None:
            request.transport.close()
        return answer


def _done(answer: Any) -> web.Response:
    return web.json_response({"ok": True, "result": answer})


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
        await fake.bring_nothing()
        await runner.cleanup()
    assert not fake.judge.wrong, fake.judge.wrong
