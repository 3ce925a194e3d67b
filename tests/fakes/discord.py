"""A Discord of the tests: REST, gateway and CDN over TLS on loopback, with the platform's rules."""

from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes import discord_payloads as payloads
from tests.fakes.authority import Authority
from tests.fakes.discord_people import People
from tests.fakes.discord_spec import Spec
from tests.fakes.discord_world import EPHEMERAL, Asked

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator
    from pathlib import Path

    import aiohttp

    Answer = tuple[int, Any]

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Fake.token-of-the-tests_0123456789abcd"
HOSTS = ("discord.com", "gateway.discord.gg", "cdn.discordapp.com", "media.discordapp.net")
ANSWER_WITHIN = 3.0  # seconds for the first answer to an interaction
TOKEN_LIVES = 900.0  # seconds
MODAL, DEFERRED_UPDATE, UPDATE, DEFERRED = 9, 6, 7, 5
FOLLOW_UPS = 5  # where the app is installed to an account alone


class FakeDiscord(People):
    """The platform as one application sees it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.authority = Authority(folder, HOSTS)
        self.port = 0
        self.spec = Spec()
        self.synced: list[list[dict[str, Any]]] = []
        self.calls: list[str] = []  # by their names
        self.refusals: dict[str, list[tuple[int, int]]] = {}  # by a call's name: status, code
        self.held: dict[str, asyncio.Event] = {}  # by a call's name: until when its answer waits

    def connector(self) -> aiohttp.TCPConnector:
        """Give what the client's documented setting takes."""
        return self.authority.connector(self.port)

    async def rest(self, request: web.Request) -> web.Response:
        """Answer a call, after both it and the answer were judged."""
        path = request.path.removeprefix("/api/v10")
        if (
            request.headers.get("Authorization") != f"Bot {TOKEN}"
            and "/webhooks/" not in path
            and "/interactions/" not in path
        ):
            return _json(*_refused(401, 0))
        body = await request.json() if request.can_read_body else None
        self.spec.check_request(request.method, path, body)
        parts = path.strip("/").split("/")
        name = _name(request.method, parts)
        self.calls.append(name)
        if self.refusals.get(name):
            return _json(*_refused(*self.refusals[name].pop(0)))
        status, answer = self._answer(request.method, parts, body)
        if name in self.held:
            await self.held[name].wait()
        if 200 <= status < 300:
            self.spec.check_answer(request.method, path, status, answer)
        return web.Response(status=204) if answer is None else _json(status, answer)

    def _answer(  # noqa: PLR0911 - a table of routes
        self, method: str, parts: list[str], body: Any
    ) -> Answer:
        match parts:
            case ["users", "@me"]:
                return 200, payloads.bot()
            case ["users", "@me", "channels"]:
                return 200, payloads.dm_channel(str(body["recipient_id"]))
            case ["oauth2", "applications", "@me"]:
                return 200, payloads.application()
            case ["gateway", "bot"]:
                limit = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": 1}
                url = "wss://gateway.discord.gg"
                return 200, {"url": url, "shards": 1, "session_start_limit": limit}
            case ["applications", _, "commands"] if method == "PUT":
                self.synced.append(body)
                return 200, [
                    payloads.command(number, command) for number, command in enumerate(body)
                ]
            case ["interactions", number, _, "callback"]:
                return self._respond(number, body)
            case ["webhooks", _, token, *rest]:
                return self._by_token(
                    method, self.interactions[token.removeprefix("token-")], rest, body
                )
            case ["channels", _, "messages"]:
                self.dms.append(body)
                return 200, self.keep(body)
            case ["channels", _, "messages", number]:
                return self._message(method, number, body)
            case _:
                return _refused(404, 0)

    def _message(self, method: str, number: str, body: Any) -> Answer:
        if number not in self.messages:
            return _refused(404, 10008)
        if method == "DELETE":
            del self.messages[number]
            self.deleted.append(number)
            return 204, None
        return 200, self.messages[number] if method == "GET" else self.change(number, body)

    def _by_token(self, method: str, asked: Asked, rest: list[str], body: Any) -> Answer:
        if self.clock() > asked.asked_at + TOKEN_LIVES:
            return _refused(401, 50027)
        if not rest:
            if len(asked.made) > FOLLOW_UPS and not asked.installed:
                return _refused(400, 40094)
            asked.made.append(self.keep(body)["id"])
            return 200, self.messages[asked.made[-1]]
        number = asked.message if rest[1] == "@original" else rest[1]
        if number not in [*asked.made, asked.message]:
            return _refused(404, 10008)
        return self._message(method, str(number), body)

    def _respond(self, number: str, body: dict[str, Any]) -> Answer:
        asked = self.interactions[number]
        if time.monotonic() - asked.told > ANSWER_WITHIN:
            return _refused(404, 10062)
        if asked.response is not None:
            return _refused(400, 40060)
        asked.response = body
        kind, data = body["type"], body.get("data") or {}
        if kind == UPDATE:
            self.change(str(asked.message), data)
        elif kind not in {MODAL, DEFERRED_UPDATE}:
            asked.message = self.keep({} if kind == DEFERRED else data, flags=data.get("flags", 0))[
                "id"
            ]
            asked.made.append(asked.message)
        return 200, {
            "interaction": {
                "id": number,
                "type": 5 if kind == MODAL else 2,
                "response_message_loading": kind == DEFERRED,
                "response_message_ephemeral": bool(data.get("flags", 0) & EPHEMERAL),
            }
        }

    async def cdn(self, request: web.Request) -> web.StreamResponse:
        """Send a file, or break off."""
        stored = self.files[request.match_info["number"]]
        if stored.status != 200:
            return web.Response(status=stored.status)
        answer = web.StreamResponse()
        answer.content_length = len(stored.body)
        await answer.prepare(request)
        await answer.write(stored.body[: stored.cut])
        if stored.cut is not None and request.transport is not None:
            request.transport.close()
        return answer


def _name(method: str, parts: list[str]) -> str:
    """Name a call as the tests do: without ids and tokens."""
    match parts:
        case ["webhooks", _, _]:
            return "POST answer"
        case ["webhooks", _, _, "messages", number]:
            return f"{method} {'@original' if number == '@original' else 'answer'}"
        case ["channels", _, "messages", _]:
            return f"{method} message"
        case _:
            return f"{method} {parts[-1]}"


def _refused(status: int, code: int) -> Answer:
    extra = {"retry_after": 0.2, "global": False} if status == 429 else {}
    return status, {"message": "refused", "code": code, **extra}


def _json(status: int, body: object) -> web.Response:
    # Exactly this type: the library compares it as a whole.
    return web.Response(
        body=json.dumps(body).encode(),
        status=status,
        headers={"Content-Type": "application/json", "Via": "1.1 test"},
    )


@asynccontextmanager
async def fake_discord(folder: Path) -> AsyncIterator[FakeDiscord]:
    """Run a Discord on loopback; what broke its rules fails the test in the end."""
    fake = FakeDiscord(folder)
    app = web.Application()
    app.router.add_route("*", "/api/v10/{path:.*}", fake.rest)
    app.router.add_get("/attachments/{channel}/{number}/file", fake.cdn)
    app.router.add_get("/", fake.gateway)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=fake.authority.server())
        await site.start()
        fake.port = runner.addresses[0][1]
        yield fake
    finally:
        await fake.close()
        await runner.cleanup()
    assert not fake.spec.wrong, fake.spec.wrong
