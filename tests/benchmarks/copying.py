"""A server that only copies: from the network to a durable file, and from there back."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

import uvloop
from aiohttp import web

PIECE = 256 * 1024


async def _take(request: web.Request) -> web.Response:
    """Write what arrives; what is acknowledged is on disk under its name."""
    name = secrets.token_urlsafe(16)
    draft = Path(f"{name}.draft")
    with draft.open("wb", buffering=0) as file:  # noqa: ASYNC230 - a thread's hop costs more
        while piece := await request.content.read(PIECE):
            file.write(piece)
        await asyncio.to_thread(os.fsync, file.fileno())
    await asyncio.to_thread(_named, draft, Path(name))
    return web.json_response({"id": name, "link": f"http://x/s/{name}#{'k' * 43}"}, status=201)


def _named(draft: Path, path: Path) -> None:
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def _give(request: web.Request) -> web.StreamResponse:
    """Read it back, and delete it; through memory, as who deciphers must."""
    await request.read()
    path = Path(request.match_info["id"])
    answer = web.StreamResponse()
    answer.content_length = (await asyncio.to_thread(path.stat)).st_size
    await answer.prepare(request)
    with path.open("rb", buffering=0) as file:  # noqa: ASYNC230 - same
        while piece := file.read(PIECE):
            await answer.write(piece)
    await answer.write_eof()
    path.unlink()  # noqa: ASYNC240 - same
    return answer


def main() -> None:
    """Serve in the current folder until ended."""
    app = web.Application()
    app.router.add_post("/upload", _take)
    app.router.add_post("/d/{id}", _give)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=None, print=None)


if __name__ == "__main__":
    main()
