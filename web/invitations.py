"""Handing in by invitation: the page behind its link, and what the page and programs call.

Whoever hands in is told that it is on its way, and never gets the link.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import web

from core.errors import Closed, Occupied, OneTimeShareError
from core.invitation import Standing, Token
from core.invitations import called
from web.fields import Fields, invitation_id
from web.intake import check_length, from_parts, taken_in
from web.keys import HOUSE, PAGES, VAULT
from web.limited import uploading
from web.middlewares import wants_html
from web.parts import first_field, parts_of

if TYPE_CHECKING:
    from core.invitation import Asking, Invitation

TOKEN = "OTS-Invitation"  # noqa: S105 - the header's name

routes = web.RouteTableDef()


@routes.get("/r/{id}")
async def page(request: web.Request) -> web.Response:
    """Give the page: the same bytes for every id, without a look at any invitation."""
    return request.app[PAGES].answer(request, "invite")


@routes.post("/r/{id}/peek")
async def peek(request: web.Request) -> web.Response:
    """Tell whoever has the token who asks, and whether it is still open."""
    fields = await Fields.read(request)
    seen = await _inquire(request, Token.parse(fields.need("token")))
    told = {
        "state": seen.standing.value,
        "label": called(seen.asking.label),
        "purpose": seen.asking.purpose.value,
        "expires_at": f"{seen.expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "max_size": request.app[VAULT].policy.max_size,
    }
    if seen.standing is Standing.OCCUPIED:
        told["retry_after"] = seen.busy_for
    return web.json_response(told)


async def _inquire(request: web.Request, token: Token) -> Invitation:
    invitations = request.app[HOUSE].invitations
    return await invitations.inquire(invitation_id(request), token.digest)


async def expect(request: web.Request) -> None:
    """Let a client that asks first send its body, unless the handler is about to refuse it."""
    with suppress(OneTimeShareError):
        check_length(request)
        if TOKEN in request.headers:
            _refuse_unless_open(await _inquire(request, Token.parse(request.headers[TOKEN])))
        if request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _refuse_unless_open(seen: Invitation) -> None:
    if seen.standing is Standing.OCCUPIED:
        raise Occupied(seen.busy_for)
    if seen.standing is not Standing.OPEN:
        raise Closed(seen.standing)


@routes.post("/r/{id}", expect_handler=expect)
async def hand_in(request: web.Request) -> web.Response:
    """Take one text or file in, with the token in a header or in the form's first field."""
    check_length(request)
    reception, name = request.app[HOUSE].reception, invitation_id(request)
    if TOKEN in request.headers:
        async with reception.place(name, Token.parse(request.headers[TOKEN])) as place:
            with uploading(request, place) as intake:
                await taken_in(request, intake)
    elif request.content_type == "multipart/form-data":
        parts = await parts_of(request)
        token = Token.parse(_pasted(await first_field(parts, "link-key")))
        async with reception.place(name, token) as place:
            with uploading(request, place) as intake:
                await from_parts(parts, intake, request.app[VAULT].policy)
    else:
        return await _form(request)
    return _answer(request, place.asking)


async def _form(request: web.Request) -> web.Response:
    """Answer a pasted link, where no script runs, with who asks and a form to hand in."""
    fields = await Fields.read(request)
    token = Token.parse(_pasted(fields.need("link-key")))
    seen = await _inquire(request, token)
    _refuse_unless_open(seen)
    return request.app[PAGES].hand_in(invitation=seen, token=token.reveal())


def _pasted(link: str) -> str:
    return link.strip().rpartition("#")[2]


def _answer(request: web.Request, asking: Asking) -> web.Response:
    if wants_html(request):
        return request.app[PAGES].handed(label=called(asking.label))
    return web.json_response({"handed_to": called(asking.label)}, status=201)
