"""The language of a visitor: what they chose here, else what their browser asks for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn

from aiohttp import web

from core.errors import Malformed
from core.language import LANGUAGES, preferred
from core.language import speak as speak_now
from web.keys import SETTINGS

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

COOKIE = "language"
YEAR = 365 * 24 * 60 * 60  # seconds

routes = web.RouteTableDef()
_preferred = lru_cache(maxsize=256)(preferred)


@web.middleware
async def speak(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer in the visitor's language."""
    speak_now(_language(request))  # until the connection's next request chooses its own
    return await handler(request)


def _language(request: web.Request) -> str:
    if "Cookie" in request.headers:
        chosen = request.cookies.get(COOKIE)
        if chosen in LANGUAGES:
            return str(chosen)
    return _preferred(request.headers.get("Accept-Language", ""))


@routes.get("/language")
async def choose(request: web.Request) -> NoReturn:
    """Remember the language that a visitor chose; nothing else is in the cookie."""
    language = request.query.get("language", "")
    if language not in LANGUAGES:
        raise Malformed("language")
    answer = web.HTTPSeeOther("/")
    answer.set_cookie(
        COOKIE,
        language,
        max_age=YEAR,
        httponly=True,
        samesite="Lax",
        secure=request.app[SETTINGS].public_url.startswith("https://"),
    )
    raise answer
