"""Bare limits: the same server framework, doing nothing, or one `SET` and one `GETDEL`."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from aiohttp import web
from redis.asyncio import BlockingConnectionPool, Redis

from core.embedded import embedded_redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REDIS = web.AppKey("redis", Redis)
LIFETIME = 5 * 60 * 60  # seconds


async def _nothing(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response({"ok": True}, status=201)


async def _set(request: web.Request) -> web.Response:
    name = secrets.token_urlsafe(16)
    await request.app[REDIS].set(name, await request.read(), ex=LIFETIME)
    return web.json_response({"id": name, "link": f"http://x/s/{name}#{'k' * 43}"}, status=201)


async def _getdel(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=await request.app[REDIS].getdel(request.match_info["id"]))


async def _redis(app: web.Application) -> AsyncIterator[None]:
    """Run the server as we do: what it acknowledged is on disk."""
    async with embedded_redis(Path.cwd()) as url:
        pool = BlockingConnectionPool.from_url(url, max_connections=32)
        app[REDIS] = Redis(connection_pool=pool)
        yield
        await pool.aclose()


def main() -> None:
    """Serve in the current folder until ended."""
    app = web.Application()
    app.cleanup_ctx.append(_redis)
    app.router.add_post("/upload", _set)
    app.router.add_post("/d/{id}", _getdel)
    app.router.add_post("/nothing", _nothing)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None)


if __name__ == "__main__":
    main()
