"""A Discord of the tests: REST, gateway and CDN over TLS on loopback, with the platform's rules."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import zlib
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, web

from tests.contents import until
from tests.fakes import discord_payloads as payloads
from tests.fakes.authority import Authority
from tests.fakes.discord_payloads import APP, DM, GUILD, USER
from tests.fakes.discord_spec import Spec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import aiohttp

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Fake.token-of-the-tests_0123456789abcd"
HOSTS = ("discord.com", "gateway.discord.gg", "cdn.discordapp.com", "media.discordapp.net")
ANSWER_WITHIN = 3.0  # seconds for the first answer to an interaction
MILD_HEARTBEAT = 20_000  # ms
SYNC_FLUSH = b"\x00\x00\xff\xff"


@dataclass(slots=True)
class Attachment:
    """A file on the CDN; `cut` breaks its download off, `status` refuses it."""

    body: bytes
    cut: int | None = None
    status: int = 200


@dataclass(slots=True)
class Asked:
    """An interaction that waits for its answer."""

    told: float
    response: dict[str, Any] | None = None
    content: str | None = None


class FakeDiscord:
    """One application's world."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder, HOSTS)
        self.port = 0
        self.spec = Spec()
        self.synced: list[list[dict[str, Any]]] = []
        self.identified = 0
        self.resumed = 0
        self.close_code: int | None = None  # the gateway's answer to IDENTIFY instead of READY
        self.silent = False  # the gateway says nothing at all
        self.interactions: dict[str, Asked] = {}
        self.dms: list[dict[str, Any]] = []  # what the bot sent
        self.files: dict[str, Attachment] = {}
        self.refusals: dict[str, list[tuple[int, int]]] = {}  # last part of a path: status, code
        self._ids = itertools.count(900000000000000000)
        self._sockets: set[web.WebSocketResponse] = set()
        self._ready = asyncio.Event()
        self._sequence = 0
        self._socket: web.WebSocketResponse | None = None
        self._deflate: Any = None

    def connector(self) -> aiohttp.TCPConnector:
        """Give what the client's documented setting takes."""
        return self.authority.connector(self.port)

    # ── what people do ──────────────────────────────────────────────────────────────────────

    def store(
        self,
        body: bytes,
        name: str = "a.bin",
        host: str = HOSTS[2],
        cut: int | None = None,
        status: int = 200,
    ) -> dict[str, Any]:
        """Keep a file on the CDN; answer what the platform says of it."""
        number = str(next(self._ids))
        self.files[number] = Attachment(body, cut, status)
        url = f"https://{host}/attachments/{DM}/{number}/file?ex=1&is=1&hm=1"
        return {
            "id": number,
            "filename": name,
            "size": len(body),
            "url": url,
            "proxy_url": url,
            "content_type": "application/octet-stream",
        }

    async def message(self, content: str = "", *files: dict[str, Any], number: str = "") -> str:
        """Send the bot a direct message; answer its id."""
        number = number or str(next(self._ids))
        message = {
            **payloads.message(number, content),
            "author": payloads.user(),
            "attachments": list(files),
        }
        await self.tell("MESSAGE_CREATE", {**message, "channel_type": 1})
        return number

    async def command(
        self, name: str, file: dict[str, Any] | None = None, *, place: str = "dm", **options: Any
    ) -> str:
        """Use a slash command; answer the interaction's id."""
        given = [{"name": key, "type": 4, "value": value} for key, value in options.items()]
        data: dict[str, Any] = {"id": "1", "name": name, "type": 1, "options": given}
        if file is not None:
            given.append({"name": "file", "type": 11, "value": file["id"]})
            data["resolved"] = {"attachments": {file["id"]: file}}
        return await self._interact(2, data, place)

    async def submit(
        self, form: dict[str, Any], values: dict[str, Any], file: dict[str, Any] | None = None
    ) -> str:
        """Fill in a form that the bot showed, field by field, and submit it."""
        components = []
        for label in form["components"]:
            field = label["component"]
            filled = {"type": field["type"], "custom_id": field["custom_id"], "id": 1}
            if field["type"] == 19:
                filled["values"] = [file["id"]] if file else []
            elif field["type"] == 21:
                filled["value"] = values.get("lifetime")
            elif field.get("style") == 2:
                filled["value"] = values.get("text", "")
            else:
                filled["value"] = values.get("password", "")
            components.append({"type": 18, "id": 2, "component": filled})
        data: dict[str, Any] = {"custom_id": form["custom_id"], "components": components}
        if file is not None:
            data["resolved"] = {"attachments": {file["id"]: file}}
        return await self._interact(5, data, "dm")

    async def _interact(self, kind: int, data: dict[str, Any], place: str) -> str:
        async with asyncio.timeout(15):
            await self._ready.wait()
        number = str(next(self._ids))
        self.interactions[number] = Asked(time.monotonic())
        channel = {"id": DM, "type": 3 if place == "group" else 1}
        where: dict[str, Any] = {
            "channel": channel,
            "context": {"dm": 1, "group": 2, "guild": 0}[place],
        }
        where["user"] = payloads.user()
        owners = {"1": USER} if place == "group" else {"0": GUILD if place == "guild" else "0"}
        if place == "guild":
            del where["user"]
            where["channel"] = payloads.guild_channel()
            where["guild_id"] = GUILD
            where["member"] = {
                "user": payloads.user(),
                "roles": [],
                "permissions": "0",
                "joined_at": None,
                "deaf": False,
                "mute": False,
                "flags": 0,
            }
        await self.tell(
            "INTERACTION_CREATE",
            {
                "id": number,
                "application_id": APP,
                "type": kind,
                "data": data,
                "channel_id": DM,
                "token": f"token-{number}",
                "version": 1,
                "locale": "en-US",
                "entitlements": [],
                "app_permissions": "0",
                "authorizing_integration_owners": owners,
                "attachment_size_limit": 10_485_760,
                **where,
            },
        )
        return number

    async def form(self, number: str) -> dict[str, Any]:
        """Wait for the form that an interaction was answered with."""
        await until(lambda: self.interactions[number].response)
        response = self.interactions[number].response
        assert response is not None
        assert response["type"] == 9
        data: dict[str, Any] = response["data"]
        return data

    async def reply(self, number: str) -> str:
        """Wait for the words that an interaction was answered with."""
        await until(lambda: self.interactions[number].content)
        return self.interactions[number].content or ""

    async def replies(self, count: int) -> list[str]:
        """Wait for the bot's direct messages."""
        await until(lambda: len(self.dms) >= count)
        return [message["content"] for message in self.dms]

    # ── the gateway ─────────────────────────────────────────────────────────────────────────

    async def gateway(self, request: web.Request) -> web.WebSocketResponse:
        """Speak the gateway's protocol."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        deflate = zlib.compressobj()
        try:
            if not self.silent:
                hello = {"heartbeat_interval": MILD_HEARTBEAT}
                await self._send(socket, deflate, {"op": 10, "d": hello, "s": None, "t": None})
            async for frame in socket:
                await self._hear(socket, deflate, json.loads(frame.data))
        finally:
            self._sockets.discard(socket)
            if socket is self._socket:
                self._ready.clear()
        return socket

    async def _hear(
        self, socket: web.WebSocketResponse, deflate: Any, heard: dict[str, Any]
    ) -> None:
        if heard["op"] == 1:
            await self._send(socket, deflate, {"op": 11, "d": None, "s": None, "t": None})
        elif heard["op"] == 2:
            self.identified += 1
            if self.close_code is not None:
                await socket.close(code=self.close_code)
                return
            self._socket, self._deflate = socket, deflate
            await self.tell("READY", payloads.ready())
            self._ready.set()
        elif heard["op"] == 6:
            self.resumed += 1
            self._socket, self._deflate = socket, deflate
            await self.tell("RESUMED", {})
            self._ready.set()

    async def tell(self, name: str, data: dict[str, Any]) -> None:
        """Dispatch an event to the bot."""
        if name not in {"READY", "RESUMED"}:
            async with asyncio.timeout(15):
                await self._ready.wait()
        self._sequence += 1
        told = {"op": 0, "t": name, "s": self._sequence, "d": data}
        await self._send(self._socket, self._deflate, told)

    async def order(self, op: int, data: object = None) -> None:
        """Order the bot to reconnect (7) or call its session invalid (9)."""
        self._ready.clear()
        await self._send(self._socket, self._deflate, {"op": op, "d": data, "s": None, "t": None})

    async def drop(self) -> None:
        """Break the connection of the gateway."""
        self._ready.clear()
        assert self._socket is not None
        await self._socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _send(self, socket: web.WebSocketResponse | None, deflate: Any, told: object) -> None:
        packed = deflate.compress(json.dumps(told).encode()) + deflate.flush(zlib.Z_SYNC_FLUSH)
        assert packed.endswith(SYNC_FLUSH)
        with suppress(ConnectionError):
            assert socket is not None
            await socket.send_bytes(packed)

    # ── REST and CDN ────────────────────────────────────────────────────────────────────────

    async def rest(self, request: web.Request) -> web.Response:
        """Answer a call, after both it and the answer were judged."""
        path = request.path.removeprefix("/api/v10")
        if (
            request.headers.get("Authorization") != f"Bot {TOKEN}"
            and "/webhooks/" not in path
            and "/interactions/" not in path
        ):
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        body = await request.json() if request.can_read_body else None
        self.spec.check_request(request.method, path, body)
        last = path.rpartition("/")[2]
        if self.refusals.get(last):
            status, code = self.refusals[last].pop(0)
            extra = {"retry_after": 0.2, "global": False} if status == 429 else {}
            return _json({"message": "refused", "code": code, **extra}, status)
        status, answer = self._answer(request.method, path, body)
        if 200 <= status < 300:
            self.spec.check_answer(request.method, path, status, answer)
        return web.Response(status=204) if answer is None else _json(answer, status)

    def _answer(  # noqa: PLR0911 - a table of routes
        self, method: str, path: str, body: Any
    ) -> tuple[int, Any]:
        match path.strip("/").split("/"):
            case ["users", "@me"]:
                return 200, payloads.bot()
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
            case ["webhooks", _, token, "messages", "@original"]:
                self.interactions[token.removeprefix("token-")].content = body["content"]
                return 200, {**payloads.message("77", body["content"]), "author": payloads.user()}
            case ["channels", _, "messages"]:
                self.dms.append(body)
                return 200, {
                    **payloads.message(str(next(self._ids)), body["content"]),
                    "author": payloads.user(),
                }
            case _:
                return 404, {"message": "404: Not Found", "code": 0}

    def _respond(self, number: str, body: dict[str, Any]) -> tuple[int, Any]:
        asked = self.interactions[number]
        if time.monotonic() - asked.told > ANSWER_WITHIN:
            return 404, {"message": "Unknown interaction", "code": 10062}
        if asked.response is not None:
            return 400, {"message": "Interaction has already been acknowledged.", "code": 40060}
        asked.response = body
        asked.content = (body.get("data") or {}).get("content")
        kind = 5 if body["type"] == 9 else 2
        return 200, {
            "interaction": {
                "id": number,
                "type": kind,
                "response_message_loading": False,
                "response_message_ephemeral": True,
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

    async def close(self) -> None:
        """Close what is connected."""
        for socket in list(self._sockets):
            await socket.close()


def _json(body: object, status: int) -> web.Response:
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
    assert fake.spec.wrong == []
