"""The recipient's side: the page behind a link, and what its script and other programs call."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from core.errors import Newer, OneTimeShareError, Unavailable, Unfinished
from core.link import Claim, Key
from core.policy import clean_name
from core.secret import Kind
from web.fields import Fields, bearer, refuse_nobody, secret_id
from web.headers import DATA_CSP
from web.keys import PAGES, VAULT
from web.limited import PERMIT
from web.middlewares import STREAMING, wants_html

if TYPE_CHECKING:
    from core.delivery import Delivery
    from core.secret import Metadata

SLOWEST = 60.0  # seconds that a reader may take for one piece of at most 256 KiB
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")

routes = web.RouteTableDef()


@routes.get("/s/{id}")
async def page(request: web.Request) -> web.Response:
    """Give the page: the same bytes for every id, without a look at any secret."""
    return request.app[PAGES].answer(request, "reveal")


@routes.get("/d/{id}")
@routes.get("/download/{id}")
async def old_page(request: web.Request) -> web.Response:
    """Send browsers to the page; they keep the fragment."""
    raise web.HTTPFound(f"/s/{quote(request.match_info['id'], safe='')}")


@routes.post("/s/{id}/peek")
async def peek(request: web.Request) -> web.Response:
    """Tell whoever holds the key what is there."""
    fields = await Fields.read(request)
    return await _glance(request, Key.parse(fields.need("key")))


@routes.get("/info/{id}")
async def info(request: web.Request) -> web.Response:
    """Do what peek does, with the key as bearer token."""
    return await _glance(request, Key.parse(bearer(request)))


async def _glance(request: web.Request, key: Key) -> web.Response:
    glance = await request.app[VAULT].peek(secret_id(request), key)
    return web.json_response(
        {
            "state": glance.state.value,
            "protected": glance.protected,
            "attempts_left": glance.attempts_left,
            "expires_at": f"{glance.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            "size": glance.size,
        }
    )


@routes.post("/s/{id}/open")
async def open_(request: web.Request) -> web.Response:
    """Claim the secret for the page that asks."""
    fields = await Fields.read(request)
    key, claim = Key.parse(fields.need("key")), Claim.parse(fields.need("claim"))
    opened = await request.app[VAULT].open(
        secret_id(request), key, claim, fields.get("password"), permit=request[PERMIT]
    )
    return web.json_response({**_described(opened.metadata), "ticket": opened.ticket})


def _described(metadata: Metadata) -> dict[str, str | int]:
    return {
        "name": metadata.name,
        "type": metadata.type,
        "size": metadata.size,
        "kind": metadata.kind.value,
    }


@routes.post("/s/{id}/data")
async def data(request: web.Request) -> web.StreamResponse:
    """Hand out the bytes to the claimant; the first time decides.

    A page that submits this as a form sets `stay`: where it fails, the browser stays there.
    """
    fields = await Fields.read(request)
    try:
        claim, ticket = Claim.parse(fields.need("claim")), fields.need("ticket")
        start, stop = _range(request)
        delivering = request.app[VAULT].data(
            secret_id(request), claim, ticket, start=start, stop=stop
        )
        async with delivering as delivery:
            return await _send(request, delivery)
    except OneTimeShareError:
        if fields.get("stay") and not request.get(STREAMING):
            return web.Response(status=204)
        raise


@routes.post("/s/{id}/progress")
async def progress(request: web.Request) -> web.Response:
    """Tell the claimant's page how far its download is."""
    fields = await Fields.read(request)
    claim = Claim.parse(fields.need("claim"))
    told = await request.app[VAULT].progress(secret_id(request), claim)
    return web.json_response(
        {
            "state": told.state.value,
            "sent": told.sent,
            "complete": told.complete,
            "seconds_left": told.seconds_left,
        }
    )


@routes.post("/s/{id}/done")
async def done(request: web.Request) -> web.Response:
    """Burn what the recipient has received."""
    fields = await Fields.read(request)
    await request.app[VAULT].done(secret_id(request), Claim.parse(fields.need("claim")))
    if wants_html(request):  # a form without JavaScript, whose sender wants to see that it worked
        return request.app[PAGES].destroyed()
    return web.Response(status=204)


@routes.post("/s/{id}")
async def open_without_script(request: web.Request) -> web.Response:
    """Open for a browser without JavaScript: the key is pasted, a Save form answers."""
    fields = await Fields.read(request)
    pasted = fields.need("link-key").strip()
    key, claim = Key.parse(pasted.rpartition("#")[2]), Claim.random()
    opened = await request.app[VAULT].open(
        secret_id(request), key, claim, fields.get("password"), permit=request[PERMIT]
    )
    return request.app[PAGES].save(
        secret_id=str(secret_id(request)),
        metadata=opened.metadata,
        claim=claim.reveal(),
        ticket=opened.ticket,
    )


@routes.post("/d/{id}")
async def download(request: web.Request) -> web.StreamResponse:
    """Open, hand out and burn in one call, for scripts.

    With a `claim` of the client's choice the same call can be repeated after a broken transfer
    until the window ends; without one, the end of the transfer burns.

    Raises:
        Unfinished: storage went away; the claim that was chosen here makes the repeat possible.
    """
    fields = await Fields.read(request)
    key, chosen = Key.parse(fields.need("key")), fields.get("claim")
    claim = Claim.random() if chosen is None else Claim.parse(chosen)
    vault, name = request.app[VAULT], secret_id(request)
    # Whoever can't come back for the rest gets all of it: HTTP lets a server ignore a range.
    start, stop = (0, None) if chosen is None else _range(request)
    taking = vault.take(
        *(name, key, claim, fields.get("password")),
        start=start,
        stop=stop,
        once=chosen is None,
        there=partial(refuse_nobody, request),
        permit=request[PERMIT],
    )
    try:
        async with taking as (delivery, ticket):
            return await _send(request, delivery, ticket)
    except Newer:
        raise
    except Unavailable as error:
        if chosen is None and not request.get(STREAMING):
            raise Unfinished(claim.reveal(), error.retry_after) from error
        raise


async def _send(
    request: web.Request, delivery: Delivery, ticket: str | None = None
) -> web.StreamResponse:
    answer = web.Response() if delivery.short else web.StreamResponse()
    _describe(answer, delivery)
    if ticket is not None:
        answer.headers["OTS-Ticket"] = ticket
    request[STREAMING] = True
    if isinstance(answer, web.Response):
        await _send_whole(request, answer, delivery)
    else:
        await _stream(request, answer, delivery)
    return answer


async def _send_whole(request: web.Request, answer: web.Response, delivery: Delivery) -> None:
    """Let the only piece, or none, leave together with the head."""
    async with asyncio.timeout(SLOWEST):
        async for piece in delivery:
            answer.body = piece
            await answer.prepare(request)
            await answer.write_eof()
        if not answer.prepared:
            await answer.prepare(request)
            await answer.write_eof()


async def _stream(request: web.Request, answer: web.StreamResponse, delivery: Delivery) -> None:
    async for piece in delivery:
        async with asyncio.timeout(SLOWEST):
            await answer.prepare(request)
            await answer.write(piece)
    async with asyncio.timeout(SLOWEST):
        await answer.prepare(request)
        await answer.write_eof()


def _describe(answer: web.StreamResponse, delivery: Delivery) -> None:
    """Say what is sent: always a download, never something that this origin shows or runs."""
    if delivery.partial:
        answer.set_status(206)
        last = delivery.stop - 1
        answer.headers["Content-Range"] = f"bytes {delivery.start}-{last}/{delivery.size}"
    if not isinstance(answer, web.Response):  # that one counts by itself
        answer.content_length = delivery.stop - delivery.start
    answer.content_type = "application/octet-stream"
    answer.headers["Content-Disposition"] = disposition(delivery.metadata)
    answer.headers["Content-Security-Policy"] = DATA_CSP
    answer.headers["Accept-Ranges"] = "bytes"


def disposition(metadata: Metadata) -> str:
    """Write the file name as RFC 6266 and RFC 8187 say, with a plain one for old clients."""
    fallback = "message.txt" if metadata.kind is Kind.TEXT else "file"
    name = clean_name(metadata.name, fallback)
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _range(request: web.Request) -> tuple[int, int | None]:
    """Read a range that begins at an offset; another kind may be answered with everything."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None:
        return 0, None
    start, stop = int(match[1]), int(match[2]) + 1 if match[2] else None
    return (0, None) if stop is not None and stop <= start else (start, stop)
