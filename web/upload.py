"""Handing in on the web: the home page, and the upload that it and programs use."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from core.errors import EmptyText, Malformed, NotFound, SourceFailed, TooLarge
from core.quantities import parse_duration
from core.secret import Kind
from web.fields import Fields, read_small
from web.keys import PAGES, SETTINGS, VAULT
from web.middlewares import wants_html

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import timedelta

    from aiohttp.multipart import MultipartReader

    from core.draft import Draft
    from core.secret import Sealed
    from core.vault import Vault

PIECE = 64 * 1024
SILENCE = 60.0  # seconds without a byte after which the upload broke off
LATE = 300.0  # seconds for the fields that follow the content
LONGEST_FIELD = 8 * 1024
LONGEST_FORM = 1024 * 1024  # of a form that is not multipart
OVERHEAD = 64 * 1024  # bytes that multipart may add to a file
# How the parser says that a form is none.
BROKEN = (ValueError, AssertionError, EOFError, HttpProcessingError)

routes = web.RouteTableDef()


@dataclass(slots=True)
class _Wishes:
    """What was wished beside the content, in whatever order it arrived."""

    name: str | None = None
    type: str | None = None
    password: str | None = None
    expires: str | None = None

    @property
    def lifetime(self) -> timedelta | None:
        return parse_duration(self.expires) if self.expires else None


@routes.get("/")
async def home(request: web.Request) -> web.Response:
    """Give the home page."""
    return request.app[PAGES].answer("home")


async def expect(request: web.Request) -> None:
    """Let a client that asks first send its body, unless the handler is about to refuse it."""
    with suppress(TooLarge):
        _check_length(request)
        if request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


@routes.post("/upload", expect_handler=expect)
async def upload(request: web.Request) -> web.Response:
    """Seal what arrives, while it arrives."""
    if not request.app[SETTINGS].web_upload:
        raise NotFound
    _check_length(request)
    if request.content_type == "multipart/form-data":
        sealed = await _multipart(request)
    elif "OTS-Kind" in request.headers or "OTS-Name" in request.headers:
        sealed = await _raw(request)
    elif request.content_type == "application/x-www-form-urlencoded":
        sealed = await _form(request)
    else:
        sealed = await _raw(request)
    return _answer(request, sealed)


def _check_length(request: web.Request) -> None:
    length = request.content_length
    if length is not None:
        request.app[VAULT].policy.check_size(max(0, length - OVERHEAD))


def _answer(request: web.Request, sealed: Sealed) -> web.Response:
    url = sealed.link.url(request.app[SETTINGS].public_url)
    if wants_html(request):
        return request.app[PAGES].link(url=url, expires_at=sealed.expires_at)
    return web.json_response(
        {
            "id": str(sealed.link.id),
            "link": url,
            "expires_at": f"{sealed.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            "revoke_token": sealed.revoke_token,
        },
        status=201,
    )


async def _raw(request: web.Request) -> Sealed:
    """Take the body itself as the content, with the wishes in headers."""
    headers = request.headers
    kind = headers.get("OTS-Kind", "file")
    if kind not in {"file", "text"}:
        raise Malformed("OTS-Kind: send file or text")
    wishes = _Wishes(
        name=_unquoted(headers.get("OTS-Name"), "OTS-Name"),
        type=request.content_type if "Content-Type" in headers else None,
        password=_unquoted(headers.get("OTS-Password"), "OTS-Password"),
        expires=headers.get("OTS-Expires"),
    )
    return await request.app[VAULT].seal(
        _arriving(lambda: request.content.read(PIECE)),
        kind=Kind(kind),
        name=wishes.name,
        media_type=wishes.type,
        size=request.content_length,
        lifetime=wishes.lifetime,
        password=wishes.password,
    )


def _unquoted(value: str | None, what: str) -> str | None:
    try:
        return None if value is None else unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise Malformed(what) from None


async def _form(request: web.Request) -> Sealed:
    """Take a text out of an ordinary form."""
    fields = Fields.of_form(await read_small(request, LONGEST_FORM))
    text = fields.get("text")
    if text is None:
        raise EmptyText
    wishes = _Wishes(password=fields.get("password"), expires=fields.get("expires"))
    return await request.app[VAULT].seal(
        _whole(text.encode()),
        kind=Kind.TEXT,
        lifetime=wishes.lifetime,
        password=wishes.password,
    )


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _multipart(request: web.Request) -> Sealed:
    """Take one file or one text; the wishes may come before or after it."""
    vault, wishes = request.app[VAULT], _Wishes()
    draft: Draft | None = None
    async with AsyncExitStack() as stack:
        parts = await _parts(request)
        late = await stack.enter_async_context(_limited())
        while (part := await _next(parts)) is not None:
            if part.name in {"file", "text"}:
                draft = await _content(stack, vault, part, wishes, draft)
                late.reschedule(asyncio.get_running_loop().time() + LATE)
            elif part.name in {"password", "expires"}:
                if getattr(wishes, part.name) is not None:
                    raise Malformed(f"{part.name}: it is there twice")
                setattr(wishes, part.name, await _field(part))
            else:
                raise Malformed("form: send file or text, password, expires")
        if draft is None:
            raise EmptyText
        return await vault.commit(
            draft,
            name=wishes.name,
            media_type=wishes.type,
            lifetime=wishes.lifetime,
            password=wishes.password,
        )


@asynccontextmanager
async def _limited() -> AsyncIterator[asyncio.Timeout]:
    """Limit what comes after the content: sealed bytes without a record are swept some day."""
    try:
        async with asyncio.timeout(None) as late:
            yield late
    except TimeoutError:
        raise SourceFailed from None


async def _content(
    stack: AsyncExitStack,
    vault: Vault,
    part: BodyPartReader,
    wishes: _Wishes,
    draft: Draft | None,
) -> Draft | None:
    """Seal the part's bytes; an empty field that a browser sends beside the other counts not."""
    first = await _piece(lambda: part.read_chunk(PIECE))
    named = bool(part.filename)
    if not first and not named:
        return draft
    if draft is not None:
        raise Malformed("form: send one file or one text")
    kind = Kind.FILE if named or part.name == "file" else Kind.TEXT
    wishes.name = part.filename
    wishes.type = part.headers.get("Content-Type") if kind is Kind.FILE else None
    content = _arriving(lambda: part.read_chunk(PIECE), first)
    return await stack.enter_async_context(vault.draft(content, kind=kind, name=part.filename))


async def _parts(request: web.Request) -> MultipartReader:
    try:
        return await request.multipart()
    except BROKEN:
        raise Malformed("multipart") from None


async def _next(parts: MultipartReader) -> BodyPartReader | None:
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


async def _field(part: BodyPartReader) -> str:
    value = bytearray()
    while piece := await _piece(lambda: part.read_chunk(LONGEST_FIELD)):
        value += piece
        if len(value) > LONGEST_FIELD:
            raise Malformed(f"{part.name}: too long")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Malformed(f"{part.name}: send UTF-8") from None


async def _piece(read: Callable[[], Awaitable[bytes]]) -> bytes:
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


async def _arriving(
    read: Callable[[], Awaitable[bytes]], first: bytes = b""
) -> AsyncIterator[bytes]:
    if first:
        yield first
    while piece := await _piece(read):
        yield piece
