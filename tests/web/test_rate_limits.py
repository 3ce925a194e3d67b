"""Limits at the web's doors: who is counted, for what, and how it is told."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from aiohttp import FormData

from core.bootstrap import open_vault
from tests.conftest import Web
from tests.contents import pieces
from tests.page import Page, Shared, Told, hand_in
from web.app import serve

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from core.settings import Settings

WRONG = f"/s/{'A' * 22}/peek"


@asynccontextmanager
async def limited(
    settings: Settings, listening: socket.socket, **allowed: int
) -> AsyncIterator[Web]:
    """Run the server with narrow limits, behind a proxy on loopback."""
    settings = replace(
        settings,
        allowance=replace(settings.allowance, **allowed),
        trusted_proxies=(ip_network("127.0.0.0/8"),),
    )
    async with open_vault(settings) as house, serve(house, settings, listening):
        yield Web(settings.public_url, house, settings)


def visitor(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"203.0.113.{number}"}


async def test_uploads_of_one_network_are_so_many(
    settings: Settings, listening: socket.socket, client: ClientSession
) -> None:
    """The third of two is refused with the time to wait, for programs and for people."""
    async with limited(settings, listening, uploads_per_hour=2) as web:

        async def upload(accept: str = "application/json", number: int = 1) -> tuple[int, str, str]:
            headers = {"Accept": accept, **visitor(number)}
            async with client.post(f"{web.url}/upload", data={"text": "a"}, headers=headers) as got:
                return got.status, got.headers.get("Retry-After", ""), await got.text()

        too_large = bytes(1001)
        web.house.vault.policy = replace(web.settings.policy, max_size=1000)
        for _ in range(3):
            refused = await client.post(f"{web.url}/upload", data=too_large, headers=visitor(1))
            assert refused.status == 413
        assert [(await upload())[0] for _ in range(3)] == [201, 201, 429]
        status, wait, told = await upload()
        assert (status, 3590 < int(wait) <= 3601) == (429, True)
        assert "urn:onetimeshare:problem:rate-limited" in told
        assert "limited to 2 an hour" in told
        status, wait, page = await upload("text/html")
        assert (status, bool(wait)) == (429, True)
        assert "<h1>Too often</h1>" in page
        assert "limited to 2 an hour" in page
        assert (await upload(number=2))[0] == 201


async def test_several_files_are_one_upload(
    settings: Settings, listening: socket.socket, client: ClientSession
) -> None:
    """A zip counts once, though its first file is sealed by itself before the second comes."""
    async with limited(settings, listening, uploads_per_hour=1) as web:
        statuses = []
        for _ in range(2):
            form = FormData()
            for name in ("a", "b"):
                form.add_field("file", b"x", filename=name)
            statuses.append((await client.post(f"{web.url}/upload", data=form)).status)
        assert statuses == [201, 429]


async def test_openings_and_misses_count_together(
    settings: Settings, listening: socket.socket, client: ClientSession
) -> None:
    """Whoever asks for what is not there uses openings up; refused, a secret is not touched."""
    async with limited(settings, listening, opens_per_minute=3) as web:
        shared = await Shared.hand_in(client, web.url, text="kept")
        client.headers.update(visitor(1))
        page = Page(client, web.url, shared.link)
        for _ in range(5):
            assert (await page.peek()).status == 200
        assert (await page.open()).status == 200
        for status in (404, 404, 429, 429):
            answer = await client.post(f"{web.url}{WRONG}", json={"key": "A" * 43})
            assert answer.status == status
        late = Page(client, web.url, shared.link)
        for refused in (await late.open(), await late.download()):
            assert (refused.status, refused.problem) == (429, "rate-limited")
        assert (await page.data()).status == 200, "who was let in goes on"
        assert page.received == b"kept"
        client.headers.update(visitor(2))
        assert (await late.open()).problem == "gone"


async def test_places_end_with_the_upload(
    settings: Settings, listening: socket.socket, client: ClientSession
) -> None:
    """A sender's second upload at a time is refused, and taken once the first has ended."""
    async with limited(settings, listening, uploads_at_once_each=1) as web:
        begun, go = asyncio.Event(), asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            async for piece in pieces(bytes(200_000), 100_000):
                yield piece
                begun.set()
                await go.wait()

        async def upload(data: Any) -> Told:
            async with client.post(f"{web.url}/upload", data=data) as answer:
                return await Told.read(answer)

        first = asyncio.create_task(upload(slowly()))
        await begun.wait()
        second = await upload(b"a")
        go.set()
        assert (second.status, second.problem) == (429, "too-many-at-once")
        assert ((await first).status, (await upload(b"a")).status) == (201, 201)


async def test_full_store_takes_nothing(
    settings: Settings, listening: socket.socket, client: ClientSession
) -> None:
    """Where more would not fit, uploads get 507, at once or as soon as the room ends."""
    async with limited(settings, listening, max_total_size=900_000) as web:

        async def upload(size: int, *, declared: bool) -> int:
            data = bytes(size) if declared else pieces(bytes(size), 64 * 1024)
            async with client.post(f"{web.url}/upload", data=data) as answer:
                return answer.status

        assert await upload(1_000_000, declared=True) == 507
        assert await upload(1_000_000, declared=False) == 507
        blobs = web.settings.data_dir / "blobs"
        assert [path for path in blobs.rglob("*") if path.is_file()] == []
        assert await upload(1000, declared=False) == 201, "what was dropped leaves room"


async def test_outage_of_redis_is_told_as_one(
    settings: Settings, listening: socket.socket, client: ClientSession
) -> None:
    """When nobody can count, requests are answered with 503, and nothing is lost."""
    async with limited(settings, listening) as web:
        shared = await Shared.hand_in(client, web.url, text="kept")
        await web.house.redis.config_set("min-replicas-to-write", 1)  # it answers, and does nothing
        wrong = await client.post(f"{web.url}{WRONG}", json={"key": "A" * 43})
        page = Page(client, web.url, shared.link)
        created = await hand_in(client, web.url, {"text": "a"})
        assert {wrong.status, created.status, (await page.open()).status} == {503}
        await web.house.redis.config_set("min-replicas-to-write", 0)
        assert (await page.open()).status == 200
