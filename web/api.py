"""The description of the API, for programs and for people."""

from __future__ import annotations

from aiohttp import web

from web.keys import DESCRIPTION, PAGES

routes = web.RouteTableDef()


@routes.get("/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """Give the description to programs."""
    return web.json_response(request.app[DESCRIPTION])


@routes.get("/docs")
async def docs(request: web.Request) -> web.Response:
    """Give it to people, as a page of our own."""
    return request.app[PAGES].docs(request.app[DESCRIPTION])
