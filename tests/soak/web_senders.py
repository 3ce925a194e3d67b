"""Who shares through the web, and what they are given."""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import FormData

from core.link import Link
from tests.soak.front import Refused
from tests.soak.ledger import Entry
from tests.soak.packed import Packed
from tests.soak.recipients import Shared, content_of

if TYPE_CHECKING:
    from random import Random

    from tests.soak.front import Front

SIZES = (1000, 1000, 1000, 5000, 70_000, 300_000, 2_000_000)
LIFETIMES = ("", "", "60s", "5m")


class Token:
    """The right to revoke, and the receipt that says how it stands."""

    def __init__(self, front: Front, link: Link, token: str) -> None:
        self._front = front
        self._at = f"/s/{link.id}"
        self._proof = {"Authorization": f"Bearer {token}"}

    async def revoke(self) -> bool:
        try:
            await self._front.ask(self._at, method="DELETE", headers=self._proof)
        except Refused as refused:
            if refused.status not in {409, 410}:
                raise
            return False
        return True

    async def unlock(self) -> bool:
        await self._front.ask(f"{self._at}/unlock", headers=self._proof)
        return True

    def untold(self, _outcome: str, /) -> str:
        return ""  # the receipt's page tells whoever looks


class WebSender:
    """Shares texts, files, and several files at once; some with a password."""

    door = "web"

    def __init__(self, front: Front) -> None:
        self._front = front

    async def share(self, seed: str, rng: Random) -> Entry:
        """Share something until it is acknowledged."""
        began, lifetime = time.time(), rng.choice(LIFETIMES)
        password = secrets.token_hex(8) if rng.random() < 0.06 else ""
        kind = rng.random()
        if kind < 0.1:
            shared, told = await self._several(seed, rng, lifetime)
        elif kind < 0.5:
            shared, told = await self._text(seed, rng, lifetime, password)
        else:
            shared, told = await self._file(seed, rng, lifetime, password)
        until = datetime.fromisoformat(told["expires_at"]).timestamp()
        assert until > began + 55, "another lifetime than was wished"
        token = Token(self._front, shared.link, told["revoke_token"])
        return Entry(self.door, shared, token, until)

    async def _text(
        self, seed: str, rng: Random, lifetime: str, password: str
    ) -> tuple[Shared, dict[str, Any]]:
        size = rng.choice([10, 300, 3000, 20_000])
        text = content_of(seed, size, text=True).decode()
        wishes = {"password": password, "expires": lifetime}
        fields = {"text": text} | {name: value for name, value in wishes.items() if value}
        told = await self._front.ask("/upload", data=fields)
        return Shared(Link.parse(told["link"]), seed, size, text=True, password=password), told

    async def _file(
        self, seed: str, rng: Random, lifetime: str, password: str
    ) -> tuple[Shared, dict[str, Any]]:
        size = rng.choice(SIZES)
        wishes = {"OTS-Name": "x.bin", "OTS-Password": password, "OTS-Expires": lifetime}
        headers = {name: value for name, value in wishes.items() if value}
        content = content_of(seed, size)
        told = await self._front.ask("/upload", content=content, headers=headers)
        return Shared(Link.parse(told["link"]), seed, size, password=password), told

    async def _several(
        self, seed: str, rng: Random, lifetime: str
    ) -> tuple[Shared, dict[str, Any]]:
        sizes = [rng.choice([1000, 40_000, 150_000]) for _ in range(3)]
        files = {f"{n}.bin": content_of(f"{seed}/{n}", size) for n, size in enumerate(sizes)}

        def make() -> dict[str, Any]:
            form = FormData(default_to_multipart=True)
            if lifetime:
                form.add_field("expires", lifetime)
            for name, content in files.items():
                form.add_field("file", content, filename=name)
            return {"data": form}

        told = await self._front.ask("/upload", make=make)
        return Packed(Link.parse(told["link"]), seed, 1, files=files), told
