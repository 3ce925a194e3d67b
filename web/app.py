"""The web application: routes, middlewares and resources in one place."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from web import admin, api, health, invitations, languages, receipt, reveal, static, upload
from web.addresses import Addresses
from web.headers import SecureAnswers
from web.keys import ADDRESSES, DESCRIPTION, HOUSE, PAGES, SETTINGS, SIGN_IN, VAULT
from web.limited import count_openings
from web.middlewares import access_log, answer_errors
from web.openapi import describe
from web.pages import Pages
from web.sign_in import SignIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from socket import socket

    from core.bootstrap import House
    from core.settings import Settings

STOP_WITHIN = 20.0  # seconds that running transfers get when the server stops


def create_app(house: House, settings: Settings) -> web.Application:
    """Build the application on an open house."""
    pages = Pages.load(
        public_url=settings.public_url,
        policy=settings.policy,
        web_upload=settings.web_upload,
    )
    # Errors inside, so that the log's line has the status that the client sees.
    app = web.Application(
        middlewares=[access_log, languages.speak, answer_errors(pages), count_openings]
    )
    app[VAULT], app[HOUSE], app[SETTINGS], app[PAGES] = house.vault, house, settings, pages
    app[ADDRESSES] = Addresses(settings.trusted_proxies)
    app[SIGN_IN] = SignIn(house, settings)
    app[DESCRIPTION] = describe(settings.public_url)
    for module in (admin, api, health, invitations, languages, receipt, reveal, static, upload):
        app.add_routes(module.routes)
    secure = SecureAnswers(tls=settings.public_url.startswith("https://"))
    app.on_response_prepare.append(secure)
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
    runner = web.AppRunner(
        create_app(house, settings),
        access_log=None,
        auto_decompress=False,
        shutdown_timeout=STOP_WITHIN,
    )
    await runner.setup()
    try:
        site: web.BaseSite = web.TCPSite(runner, settings.host, settings.port)
        if listening is not None:
            site = web.SockSite(runner, listening)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        await runner.cleanup()
