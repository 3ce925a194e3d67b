"""Reading what arrives: the parts of a form, and pieces with a limit on silence."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from core.errors import Malformed, SourceFailed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from aiohttp.multipart import MultipartReader

PIECE = 64 * 1024
SILENCE = 60.0  # seconds without a byte after which the upload broke off
SLOWEST = 500  # bytes a second, of which a client that is slower on average breaks off too
LONGEST_FIELD = 8 * 1024
# How the parser says that a form is none.
BROKEN = (ValueError, AssertionError, EOFError, HttpProcessingError)


async def parts_of(request: web.Request) -> MultipartReader:
    """Begin to read a form's parts.

    Raises:
        Malformed: it has none.
    """
    try:
        return await request.multipart()
    except BROKEN:
        raise Malformed("multipart") from None


async def next_part(parts: MultipartReader) -> BodyPartReader | None:
    try:
        async with asyncio.timeout(SILENCE):
            part = await parts.next()
    except BROKEN:
        raise Malformed("multipart") from None
    except (ConnectionError, TimeoutError):
        raise SourceFailed from None
    if part is not None and not isinstance(part, BodyPartReader):
        raise Malformed("multipart: no parts inside parts")
    return part


async def first_field(parts: MultipartReader, name: str) -> str:
    """Read the field that must come before all others.

    Raises:
        Malformed: another one does.
    """
    part = await next_part(parts)
    if part is None or part.name != name:
        raise Malformed(f"form: {name} comes first")
    return await field(part)


async def field(part: BodyPartReader) -> str:
    value = bytearray()
    async with aclosing(arriving(lambda: part.read_chunk(LONGEST_FIELD))) as pieces:
        async for data in pieces:
            value += data
            if len(value) > LONGEST_FIELD:
                raise Malformed(f"{part.name}: too long")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Malformed(f"{part.name}: send UTF-8") from None


async def piece(read: Callable[[], Awaitable[bytes]]) -> bytes:
    """Read once, with a limit on silence.

    Raises:
        SourceFailed: the client is gone or silent.
    """
    try:
        async with asyncio.timeout(SILENCE):
            return await read()
    except (ConnectionError, TimeoutError):
        raise SourceFailed from None
    except BROKEN:
        raise Malformed("multipart") from None


async def arriving(
    read: Callable[[], Awaitable[bytes]], first: bytes = b""
) -> AsyncGenerator[bytes, None]:
    """Give what comes, as long as it does not trickle.

    Raises:
        SourceFailed: the client is gone, silent or too slow; only its own time counts.
    """
    if first:
        yield first
    clock, waited, got = asyncio.get_running_loop().time, 0.0, 0
    while True:
        began = clock()
        if not (data := await piece(read)):
            return
        waited, got = waited + clock() - began, got + len(data)
        if waited > SILENCE + got / SLOWEST:
            raise SourceFailed
        yield data
