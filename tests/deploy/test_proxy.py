"""The web server behind the proxy that is shipped, over TLS, as people reach it."""

from __future__ import annotations

import asyncio
import io
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import ClientSession, TCPConnector, web

from core.link import Claim, Link
from tests.deploy.caddy import caddy
from tests.test_process import free_port, ready, running

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.deploy.caddy import Proxy

JSON = {"Accept": "application/json"}
LARGE = 3 * 1024 * 1024


@asynccontextmanager
async def visitor(proxy: Proxy, address: str) -> AsyncIterator[ClientSession]:
    """Come from an address of this machine's."""
    connector = TCPConnector(
        ssl=proxy.tls, local_addr=(address, 0), family=socket.AF_INET, force_close=True
    )
    async with ClientSession(proxy.url, connector=connector, headers=JSON) as session:
        yield session


@asynccontextmanager
async def behind(
    folder: Path, telegram: int = 9, **more: str
) -> AsyncIterator[tuple[Proxy, Process]]:
    """Run web server and proxy as docker-compose.tls.yml sets them up."""
    port, http, https = free_port(), free_port(), free_port()
    given = {
        "PORT": str(port),
        "PUBLIC_URL": f"https://localhost:{https}",
        "TRUSTED_PROXIES": "127.0.0.1",
        "UPLOADS_PER_HOUR": "1",
        "STOP_DELAY": "0s",
        **more,
    }
    async with running(folder, "run", **given) as server, ClientSession() as client:
        await ready(client, f"http://127.0.0.1:{port}")
        async with caddy(folder, port, telegram, (http, https)) as proxy:
            yield proxy, server


async def test_secret_goes_through_it_whole_and_once(tmp_path: Path) -> None:
    """A link made over TLS opens over TLS; our headers arrive once, without Caddy's."""
    content = bytes(range(256)) * (LARGE // 256)
    async with behind(tmp_path) as (proxy, _), visitor(proxy, "127.0.0.2") as person:
        async with person.post("/upload", data={"file": io.BytesIO(content)}) as answer:
            assert answer.status == 201
            link = Link.parse((await answer.json())["link"])
        async with person.get(f"/s/{link.id}", headers={"Accept": "text/html"}) as page:
            assert page.status == 200
            once = {name.lower() for name in page.headers}
            assert len(once) == len(page.headers)
            assert {"strict-transport-security", "content-security-policy"} <= once
            assert not {"server", "via"} & once
        fields = {"key": link.key.reveal(), "claim": Claim.random().reveal()}
        async with person.post(f"/d/{link.id}", json=fields) as opened:
            assert await opened.read() == content
        fields["claim"] = Claim.random().reveal()
        async with person.post(f"/d/{link.id}", json=fields) as again:
            assert again.status == 410


async def test_upload_reaches_the_server_as_it_comes(tmp_path: Path) -> None:
    """What is too large is refused before it has ended: the proxy holds nothing back."""
    answered = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(LARGE // 3)
        await answered.wait()

    async with (
        behind(tmp_path, MAX_FILE_SIZE="1MB") as (proxy, _),
        visitor(proxy, "127.0.0.2") as person,
        asyncio.timeout(40),
        person.post("/upload", data=endless(), headers={"OTS-Name": "a"}) as answer,
    ):
        answered.set()
        assert answer.status == 413


async def test_visitors_are_told_apart_and_can_not_pretend(tmp_path: Path) -> None:
    """Each address has its own limits, whatever a visitor writes about where they come from."""
    async with behind(tmp_path) as (proxy, _):
        for address in ("127.0.0.2", "127.0.0.3"):
            async with visitor(proxy, address) as person:
                for wanted, pretended in ((201, "192.0.2.1"), (429, "192.0.2.2")):
                    claimed = {"X-Forwarded-For": pretended, "Forwarded": f"for={pretended}"}
                    async with person.post("/upload", data={"text": "x"}, headers=claimed) as told:
                        assert told.status == wanted


async def test_http_is_sent_to_https(tmp_path: Path) -> None:
    """Whoever comes without TLS is sent to the same page with it."""
    async with behind(tmp_path) as (proxy, _), ClientSession() as client:
        plain = f"http://localhost:{proxy.http}/s/abc"
        async with client.get(plain, allow_redirects=False) as answer:
            assert answer.status == 308
            assert answer.headers["Location"] == f"{proxy.url}/s/abc"


async def test_telegram_gets_through_to_the_bot(tmp_path: Path) -> None:
    """What comes to /telegram reaches the webhook's port, and nothing else does."""
    asked: list[str] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(f"{request.path} {await request.text()}")
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with behind(tmp_path, port) as (proxy, _), visitor(proxy, "127.0.0.2") as telegram:
            for path, wanted in (("/telegram", 200), ("/telegram2", 404)):
                async with telegram.post(path, data="{}") as answer:
                    assert answer.status == wanted
    finally:
        await runner.cleanup()
    assert asked == ["/telegram {}"]


async def test_log_of_the_proxy_names_no_secret(tmp_path: Path) -> None:
    """Where the server does not answer, people get 502, and the log says so without the path."""
    async with behind(tmp_path) as (proxy, server), visitor(proxy, "127.0.0.2") as person:
        server.terminate()
        await asyncio.wait_for(server.wait(), 20)
        async with person.get("/s/pathofasecret") as answer:
            assert answer.status == 502
    log = (tmp_path / "caddy.log").read_text()
    assert "connection refused" in log
    assert "pathofasecret" not in log
    assert "127.0.0.2" not in log
