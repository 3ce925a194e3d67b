"""The admin's side: signing in, figures, the list of secrets, burning, the audit log."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from aiohttp import web

from core.audit import Act
from core.errors import NotSignedIn, OneTimeShareError, WrongLogin
from core.inventory import Place
from web.fields import Fields, secret_id
from web.keys import HOUSE, PAGES, SIGN_IN
from web.limited import count_login
from web.middlewares import STREAMING, wants_html
from web.problems import problem_of
from web.report import listed_json, report
from web.tokens import LIFETIME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

routes = web.RouteTableDef()


@routes.get("/auth/login")
async def login_page(request: web.Request) -> web.Response:
    """Give the form, or go where the admin is already."""
    sign_in = request.app[SIGN_IN]
    try:
        await sign_in.look(request)
    except NotSignedIn:
        return request.app[PAGES].login(closed=sign_in.closed)
    raise web.HTTPSeeOther("/stats")


@routes.post("/auth/login")
async def login(request: web.Request) -> web.Response:
    """Begin a session for a browser."""
    sign_in = request.app[SIGN_IN]
    sign_in.same_origin(request)
    try:
        await _admit(request, Act.LOGIN, Act.LOGIN_REFUSED)
    except WrongLogin:
        if not wants_html(request):
            raise
        return request.app[PAGES].login(closed=sign_in.closed, wrong=True)
    answer = web.Response(status=303, headers={"Location": "/stats"})
    await sign_in.begin(answer)
    return answer


async def _admit(request: web.Request, done: Act, refused: Act) -> None:
    fields = await Fields.read(request)
    await count_login(request)
    await request.app[SIGN_IN].admit(fields, done, refused)


@routes.post("/auth/logout")
async def logout(request: web.Request) -> web.Response:
    """End the session."""
    sign_in = request.app[SIGN_IN]
    admin = await sign_in.act(request)
    answer = web.Response(status=303, headers={"Location": "/auth/login"})
    await sign_in.end(admin, answer)
    await sign_in.audit.note(Act.LOGOUT, admin.user)
    return answer


@routes.post("/auth/token")
async def token(request: web.Request) -> web.Response:
    """Issue a token for a program."""
    sign_in = request.app[SIGN_IN]
    await _admit(request, Act.TOKEN, Act.TOKEN_REFUSED)
    seconds = round(LIFETIME.total_seconds())
    return web.json_response(
        {"token": sign_in.issue(), "token_type": "Bearer", "expires_in": seconds}
    )


@routes.get("/stats")
async def stats(request: web.Request) -> web.Response:
    """Give the page of figures and secrets."""
    try:
        admin = await request.app[SIGN_IN].look(request)
    except NotSignedIn:
        if not wants_html(request):
            raise
        raise web.HTTPSeeOther("/auth/login") from None
    house = request.app[HOUSE]
    listed, after = await house.inventory.page(_after(request))
    return request.app[PAGES].stats(
        report=await report(house), listed=listed, after=after, admin=admin
    )


@routes.get("/stats-json")
async def stats_json(request: web.Request) -> web.Response:
    """Give the figures to a program."""
    await request.app[SIGN_IN].look(request)
    return web.json_response((await report(request.app[HOUSE])).json())


@routes.get("/list-files")
async def list_files(request: web.Request) -> web.Response:
    """List what is alive, a page at a time."""
    await request.app[SIGN_IN].look(request)
    listed, after = await request.app[HOUSE].inventory.page(_after(request))
    return web.json_response(
        {
            "secrets": [listed_json(one) for one in listed],
            "after": None if after is None else str(after),
        }
    )


def _after(request: web.Request) -> Place | None:
    text = request.query.get("after")
    return Place.parse(text) if text else None


@routes.post("/admin/burn/{id}")
async def burn(request: web.Request) -> web.Response:
    """Destroy a secret that nobody received; it is written down first."""
    admin = await request.app[SIGN_IN].act(request)
    house, one = request.app[HOUSE], secret_id(request)
    await house.audit.note(Act.BURN, admin.user, str(one))
    try:
        await house.vault.control.burn(one)
    except OneTimeShareError as error:
        await house.audit.note(Act.BURN_REFUSED, admin.user, f"{one} {problem_of(error).name}")
        raise
    if wants_html(request):
        raise web.HTTPSeeOther("/stats#secrets")
    return web.Response(status=204)


@routes.get("/admin/audit.csv")
async def audit(request: web.Request) -> web.StreamResponse:
    """Give the audit log."""
    await request.app[SIGN_IN].look(request)
    answer = web.StreamResponse()
    answer.content_type, answer.charset = "text/csv", "utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="onetimeshare-audit.csv"'
    rows = _rows(request)
    first = await anext(rows) + await anext(rows, "")  # a fault shows before the head is out
    request[STREAMING] = True
    await answer.prepare(request)
    await answer.write(first.encode())
    async for row in rows:
        await answer.write(row.encode())
    await answer.write_eof()
    return answer


async def _rows(request: web.Request) -> AsyncIterator[str]:
    yield _row("time", "act", "who", "about")
    async for entry in request.app[HOUSE].audit.entries():
        yield _row(f"{entry.at:%Y-%m-%dT%H:%M:%SZ}", entry.act, entry.who, entry.about)


def _row(*fields: str) -> str:
    """Write a line; a cell never begins as a formula does (an id may begin with a dash)."""
    line = io.StringIO()
    csv.writer(line).writerow(
        f"'{field}" if field.startswith(("=", "+", "-", "@")) else field for field in fields
    )
    return line.getvalue()
