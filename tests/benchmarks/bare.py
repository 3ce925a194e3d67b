"""The bare limit: the same framework, which reads what comes and answers what it was given."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler


def _answering(name: str, kind: str, status: int = 200) -> Handler:
    body = Path(name).read_bytes()

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=body, status=status, content_type=kind)

    return handler


async def _alive(_request: web.Request) -> web.Response:
    return web.Response(body=b"{}")


def main() -> None:
    """Serve what lies in the current folder until ended."""
    app = web.Application()
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/s/{id}", _answering("page", "text/html"))
    app.router.add_post("/s/{id}/peek", _answering("peek", "application/json"))
    app.router.add_post("/upload", _answering("create", "application/json", 201))
    app.router.add_post("/d/{id}", _answering("open", "application/octet-stream"))
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None)


if __name__ == "__main__":
    main()
