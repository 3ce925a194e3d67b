"""Somebody who shares and opens in every way there is, and remembers what may be stored nowhere."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import FormData

from core import keys
from core.keys import Wrapping
from core.link import Claim, Link, decode
from core.record import NO_PASSWORD, record_key

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from redis.asyncio import Redis

MARK = secrets.token_hex(12)
NAME = f"Gehälter «{MARK}».pdf"
PASSWORD, WRONG = f"pässwort {MARK}", f"fälsch {MARK}"
TEXT = f"geheimer Inhalt: ü {MARK}"
FIELDS = ("profile", "share", "salt", "password_salt", "wrapped")


class Witness:
    """Talks with one server; `markers` are the values, `shares` those that go with the end."""

    def __init__(self, client: ClientSession, url: str, redis: Redis) -> None:
        self._client = client
        self._url = url
        self._redis = redis
        texts = {"name": NAME, "password": PASSWORD, "wrong password": WRONG, "text": TEXT}
        self.markers = {name: text.encode() for name, text in texts.items()}
        self.markers["bytes"] = os.urandom(48)
        self.shares: dict[str, bytes] = {}

    def _remember(self, what: str, value: bytes) -> None:
        self.markers[f"{what} {len(self.markers)}"] = value

    def new_claim(self) -> str:
        claim = Claim.random()
        self._remember("claim", claim.raw)
        return claim.reveal()

    async def share(self, password: str | None = None, **request: Any) -> tuple[Link, str]:
        """Hand in; remember the key, the token, and the file key that the server made."""
        async with self._client.post(f"{self._url}/upload", **request) as answer:
            assert answer.status == 201
            told = await answer.json()
        link = Link.parse(told["link"])
        self._remember("token", decode(told["revoke_token"], 32, "token"))
        await self.meet(link, password)
        return link, told["revoke_token"]

    async def meet(self, link: Link, password: str | None = None) -> None:
        """Remember what a link's record and key make, before anybody opens it."""
        self._remember("key", link.key.raw)
        stored: Any = await self._redis.hmget(record_key(link.id), [*FIELDS, "limit"])
        profile, *parts, limit = stored
        wrapping = Wrapping(profile.decode(), *parts)
        stretched = keys.NO_PASSWORD
        if wrapping.profile != NO_PASSWORD:
            assert password is not None
            stretched = await asyncio.to_thread(
                keys.stretch, wrapping.profile, password, wrapping.password_salt
            )
        file_key = keys.unwrap(
            wrapping,
            secret_id=link.id.raw,
            key=link.key.raw,
            password_key=stretched,
            limit_ms=int(limit),
        )
        self._remember("file key", file_key)
        self.shares[str(link.id)] = wrapping.share

    async def post(self, path: str, *, read: int = -1, **request: Any) -> tuple[int, bytes]:
        """Post; with `read`, hang up after so many bytes."""
        async with self._client.post(f"{self._url}{path}", **request) as answer:
            return answer.status, await answer.content.read(read)

    async def open(self, link: Link, claim: str, **fields: str) -> str:
        """Open as the page does; answer the ticket."""
        given = {"key": link.key.reveal(), "claim": claim, **fields}
        async with self._client.post(f"{self._url}/s/{link.id}/open", json=given) as answer:
            assert answer.status == 200
            return str((await answer.json())["ticket"])

    async def receive(self, link: Link) -> bytes:
        """Open in one call; that is its end."""
        status, got = await self.post(f"/d/{link.id}", json={"key": link.key.reveal()})
        assert status == 200
        return got

    # ── what a day brings ───────────────────────────────────────────────────────────────────

    async def page(self) -> None:
        """A text from a form, opened by the page; a wrong key before."""
        link, _ = await self.share(data={"text": TEXT})
        wrong, claim = self.new_claim(), self.new_claim()
        at = f"/s/{link.id}"
        assert (await self.post(f"{at}/peek", json={"key": wrong}))[0] == 404
        assert (await self.post(f"{at}/peek", json={"key": link.key.reveal()}))[0] == 200
        fields = {"claim": claim, "ticket": await self.open(link, claim)}
        assert await self.post(f"{at}/data", json=fields) == (200, TEXT.encode())
        assert (await self.post(f"{at}/done", json={"claim": claim}))[0] == 204

    async def no_script(self) -> None:
        """A raw file with a password, opened by forms alone; a wrong password before."""
        headers = {"OTS-Name": quote(NAME), "OTS-Password": quote(PASSWORD)}
        body = self.markers["bytes"]
        link, _ = await self.share(PASSWORD, data=body, headers=headers)
        form = {"link-key": link.url(self._url), "password": WRONG}
        html = {"Accept": "text/html"}
        assert (await self.post(f"/s/{link.id}", data=form, headers=html))[0] == 403
        form["password"] = PASSWORD
        status, page = await self.post(f"/s/{link.id}", data=form, headers=html)
        assert status == 200
        save = dict(re.findall(r'name="(claim|ticket)" value="([^"]+)"', page.decode()))
        self._remember("claim", decode(save["claim"], 32, "claim"))
        assert await self.post(f"/s/{link.id}/data", data=save, headers=html) == (200, body)
        assert (await self.post(f"/s/{link.id}/done", data=save, headers=html))[0] == 200

    async def one_call(self) -> None:
        """A file of a form with a password, opened in one call; wrong key and password before."""
        form = FormData({"password": PASSWORD})
        form.add_field("file", self.markers["bytes"], filename=NAME)
        link, _ = await self.share(PASSWORD, data=form)
        right, at = link.key.reveal(), f"/d/{link.id}"
        assert (await self.post(at, json={"key": self.new_claim(), "password": PASSWORD}))[0] == 404
        assert (await self.post(at, json={"key": right, "password": WRONG}))[0] == 403
        status, got = await self.post(at, json={"key": right, "password": PASSWORD})
        assert (status, got) == (200, self.markers["bytes"])

    async def broken_off(self) -> None:
        """A transfer that its recipient breaks off and goes on with, its end never told."""
        body = self.markers["bytes"] * 50_000
        headers = {"OTS-Name": quote(NAME), "Content-Type": "text/html"}
        link, _ = await self.share(data=_pieces(body), headers=headers)
        fields, at = {"key": link.key.reveal(), "claim": self.new_claim()}, f"/d/{link.id}"
        assert await self.post(at, json=fields, read=10) == (200, body[:10])
        rest = await self.post(at, json=fields, headers={"Range": "bytes=10-"})
        assert rest == (206, body[10:])

    async def revoked(self) -> None:
        """A secret that its sender takes back, under a claim."""
        link, token = await self.share(data={"text": TEXT, "expires": "1h"})
        await self.open(link, self.new_claim())
        bearer = {"Authorization": f"Bearer {token}"}
        async with self._client.delete(f"{self._url}/s/{link.id}", headers=bearer) as answer:
            assert answer.status == 204

    async def expired(self) -> None:
        """A secret whose time runs out."""
        link, _ = await self.share(data={"text": TEXT})
        await self._redis.hset(record_key(link.id), "expires", "0")
        fields = {"key": link.key.reveal(), "claim": self.new_claim()}
        assert (await self.post(f"/s/{link.id}/open", json=fields))[0] == 410

    async def internal_error(self) -> None:
        """A record that breaks what reads it."""
        link, _ = await self.share(data={"text": TEXT})
        await self._redis.hset(record_key(link.id), "state", "broken")
        told, _ = await self.post(f"/s/{link.id}/peek", json={"key": link.key.reveal()})
        assert told == 500
        await self._redis.delete(record_key(link.id))

    async def malformed(self) -> None:
        """Requests that hold secrets where none belong, and break the parsers."""
        link, _ = await self.share(data={"text": TEXT})
        key, at = link.key.reveal(), f"/s/{link.id}"
        for body in (f'{{"key": "{key}"', f'{{"key": "{key}", "key": "{key}"}}', f'["{key}"]'):
            json = {"Content-Type": "application/json"}
            assert (await self.post(f"{at}/open", data=body, headers=json))[0] == 400
        assert (await self.post(f"{at}/open", json={"key": key, "claim": TEXT}))[0] == 400
        assert (await self.post(f"/nowhere/{key}?{quote(PASSWORD)}", json={}))[0] == 404
        assert (await self.post(f"/s/{key}/peek?key={key}", json={"key": key}))[0] == 404
        form = {"Content-Type": "multipart/form-data; boundary=x"}
        assert (await self.post("/upload", data=f"--x\r\n{TEXT}", headers=form))[0] == 400
        large = {"OTS-Expires": TEXT.encode("latin-1").hex(), "OTS-Name": quote(NAME)}
        assert (await self.post("/upload", data=TEXT, headers=large))[0] in {400, 422}
        for line in (f"POST /s/{key} HTTP/9", f"{key} / HTTP/1.1", f"GET / HTTP/1.1\r\n{key}"):
            assert (await self._raw(line)).startswith(b"HTTP/1.")
        assert await self.receive(link) == TEXT.encode()

    async def _raw(self, line: str) -> bytes:
        host, _, port = self._url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        try:
            return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()


async def _pieces(body: bytes) -> Any:
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]
