"""Scripts and styles under names that hold their hash: kept for ever by every cache."""

from __future__ import annotations

from aiohttp import web

from core.errors import NotFound
from web.keys import PAGES

routes = web.RouteTableDef()


@routes.get("/static/{name}")
async def give(request: web.Request) -> web.Response:
    """Give one file."""
    static = request.app[PAGES].static.get(request.match_info["name"])
    if static is None:
        raise NotFound
    answer = static.file.answer(request)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@routes.get("/privacy")
async def privacy(request: web.Request) -> web.Response:
    """Say what is kept, and how long."""
    return request.app[PAGES].answer(request, "privacy")


@routes.get("/robots.txt")
async def robots(_request: web.Request) -> web.Response:
    """Ask crawlers to stay away; nothing depends on it."""
    return web.Response(
        text="User-agent: *\nDisallow: /s/\nDisallow: /d/\nDisallow: /r/\nDisallow: /receipt/\n"
    )
