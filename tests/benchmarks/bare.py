"""The bare limit: the same server framework, doing nothing."""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response({"ok": True}, status=201)


def main() -> None:
    """Serve on the port of the first argument until ended."""
    app = web.Application()
    app.router.add_post("/{path:.*}", _answer)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
