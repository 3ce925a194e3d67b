"""Handing in on the web: the home page, and the upload that it and programs use."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from core.errors import Malformed, NotFound, OneTimeShareError
from web.intake import check_length, taken_in
from web.keys import PAGES, SETTINGS, VAULT
from web.limited import recall_uploads, uploading
from web.middlewares import wants_html
from web.qr import qr
from web.receipt import receipt_url

if TYPE_CHECKING:
    from core.secret import Sealed

QR = "OTS-QR"  # the header with which a page asks for the link as a picture too

routes = web.RouteTableDef()


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """Give the home page."""
    return request.app[PAGES].answer(request, "home")


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
    if request.headers.get(QR, "svg") != "svg":
        raise Malformed(f"{QR}: send svg or nothing")
    with uploading(request, request.app[VAULT]) as intake:
        sealed = await taken_in(request, intake)
    return await _answer(request, sealed)


async def _answer(request: web.Request, sealed: Sealed) -> web.Response:
    public_url = request.app[SETTINGS].public_url
    url = sealed.link.url(public_url)
    receipt = receipt_url(public_url, sealed.link.id, sealed.revoke_token)
    if wants_html(request):
        return request.app[PAGES].link(
            url=url, expires_at=sealed.expires_at, receipt=receipt, qr=await qr(url)
        )
    told = {
        "id": str(sealed.link.id),
        "link": url,
        "expires_at": f"{sealed.expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "revoke_token": sealed.revoke_token,
        "receipt": receipt,
    }
    if QR in request.headers:
        told["qr"] = await qr(url)
    return web.json_response(told, status=201)
