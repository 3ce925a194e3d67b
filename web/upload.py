"""Handing in on the web: the home page, and the upload that it and programs use."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from core.errors import NotFound, OneTimeShareError
from web.intake import check_length, taken_in
from web.keys import PAGES, SETTINGS, VAULT
from web.limited import recall_uploads, uploading
from web.middlewares import wants_html

if TYPE_CHECKING:
    from core.secret import Sealed

routes = web.RouteTableDef()


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """Give the home page."""
    return request.app[PAGES].answer("home")


async def expect(request: web.Request) -> None:
    """Let a client that asks first send its body, unless the handler is about to refuse it."""
    with suppress(OneTimeShareError):
        check_length(request)
        recall_uploads(request)
        if request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


@routes.post("/upload", expect_handler=expect)
async def upload(request: web.Request) -> web.Response:
    """Seal what arrives, while it arrives."""
    if not request.app[SETTINGS].web_upload:
        raise NotFound
    check_length(request)
    with uploading(request, request.app[VAULT]) as intake:
        return _answer(request, await taken_in(request, intake))


def _answer(request: web.Request, sealed: Sealed) -> web.Response:
    url = sealed.link.url(request.app[SETTINGS].public_url)
    if wants_html(request):
        return request.app[PAGES].link(url=url, expires_at=sealed.expires_at)
    return web.json_response(
        {
            "id": str(sealed.link.id),
            "link": url,
            "expires_at": f"{sealed.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            "revoke_token": sealed.revoke_token,
        },
        status=201,
    )
