"""The web application: routes, middlewares and resources in one place."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from web import admin, api, health, invitations, languages, receipt, reveal, static, upload
from web.access import AccessLog
from web.addresses import Addresses
from web.connections import Connection
from web.departure import depart
from web.headers import SecureAnswers, security_headers
from web.keys import ADDRESSES, DESCRIPTION, HOUSE, PAGES, SETTINGS, SIGN_IN, VAULT
from web.limited import count_openings
from web.middlewares import answer_errors
from web.openapi import describe
from web.pages import Pages
from web.portions import PORTION, Portions
from web.sign_in import SignIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from socket import socket

    from core.bootstrap import House
    from core.settings import Settings

BACKLOG = 128  # connections that wait to be taken in
# Seconds until a transfer that was cut off must be at its end. aiohttp waits for as long twice.
LAST = 1.0


def create_app(house: House, settings: Settings) -> web.Application:
    """Build the application on an open house."""
    pages = Pages.load(
        public_url=settings.public_url,
        policy=settings.policy,
        web_upload=settings.web_upload,
    )
    access = AccessLog(house.metrics)
    # Errors inside, so that the log's line has the status that the client sees.
    app = web.Application(
        middlewares=[access.middleware, languages.speak, answer_errors(pages), count_openings]
    )
    app[VAULT], app[HOUSE], app[SETTINGS], app[PAGES] = house.vault, house, settings, pages
    app[ADDRESSES] = Addresses(settings.trusted_proxies)
    app[SIGN_IN] = SignIn(house, settings)
    app[DESCRIPTION] = describe(settings.public_url)
    for module in (admin, api, health, invitations, languages, receipt, reveal, static, upload):
        app.add_routes(module.routes)
    app.on_response_prepare.append(SecureAnswers(house.readiness, tls=_by_tls(settings)))
    app.on_cleanup.append(access.close)
    return app


@asynccontextmanager
async def serve(
    house: House, settings: Settings, listening: socket | None = None
) -> AsyncIterator[str]:
    """Serve in the block; yields the address. Running transfers may end before it does.

    Args:
        house: what is served.
        settings: among them where to listen.
        listening: a bound socket to use instead.
    """
    app = create_app(house, settings)
    runner = web.AppRunner(app, shutdown_timeout=LAST)
    await runner.setup()
    try:
        server = await _listen(runner, app, settings, listening)
        host, port = server.sockets[0].getsockname()[:2]
        try:
            yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
        finally:
            house.readiness.stopping = True
            await depart(server, runner.server, settings.stop)
    finally:
        await runner.cleanup()


async def _listen(
    runner: web.AppRunner, app: web.Application, settings: Settings, listening: socket | None
) -> asyncio.Server:
    """Do what aiohttp's sites do, with connections of ours."""
    loop, server = asyncio.get_running_loop(), runner.server
    assert server is not None  # noqa: S101 - it is set up
    headers = security_headers(tls=_by_tls(settings))
    buffer = memoryview(bytearray(PORTION))

    def connect() -> Portions:
        connection = Connection(server, loop=loop, pages=app[PAGES], headers=headers)
        return Portions(connection, buffer)

    if listening is not None:
        return await loop.create_server(connect, sock=listening, backlog=BACKLOG)
    return await loop.create_server(connect, settings.host, settings.port, backlog=BACKLOG)


def _by_tls(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
