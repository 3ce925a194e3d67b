"""What a request hands in: a raw body, a form, or parts in any order, sealed while it arrives."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from core.archive import MESSAGE, NAME, TYPE, Arriving, Entry
from core.errors import EmptyText, Malformed, SourceFailed
from core.policy import check_password
from core.quantities import parse_duration
from core.secret import Kind
from web.fields import Fields, all_here, read_small
from web.keys import VAULT
from web.parts import PIECE, arriving, field, next_part, parts_of, piece

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from aiohttp import BodyPartReader, web
    from aiohttp.multipart import MultipartReader

    from core.draft import Draft
    from core.policy import Policy
    from core.secret import Sealed

LATE = 300.0  # seconds for the fields that follow a content
LONGEST_FORM = 1024 * 1024  # of a form that is not multipart
OVERHEAD = 64 * 1024  # bytes that multipart may add to a file


class Intake(Protocol):
    """Where it goes: the vault, or the place of an invitation. `Vault` says what each does."""

    def again(self, draft: Draft, /) -> AsyncIterator[bytes]: ...

    def draft(
        self,
        content: AsyncIterable[bytes],
        *,
        kind: Kind,
        name: str | None = None,
        size: int | None = None,
    ) -> AbstractAsyncContextManager[Draft]: ...

    async def commit(
        self,
        draft: Draft,
        *,
        name: str | None = None,
        media_type: str | None = None,
        lifetime: timedelta | None = None,
        password: str | None = None,
    ) -> Sealed: ...


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

    def check(self, policy: Policy) -> None:
        """Refuse what can't be granted, before a byte is read."""
        policy.lifetime(self.lifetime)
        check_password(self.password or "")

    async def commit(self, intake: Intake, draft: Draft) -> Sealed:
        return await intake.commit(
            draft,
            name=self.name,
            media_type=self.type,
            lifetime=self.lifetime,
            password=self.password,
        )


def check_length(request: web.Request) -> None:
    """Refuse at once what declares to be too long.

    Raises:
        TooLarge: with the limit.
    """
    length = request.content_length
    if length is not None:
        request.app[VAULT].policy.check_size(max(0, length - OVERHEAD))


async def taken_in(request: web.Request, intake: Intake) -> Sealed:
    """Seal what arrives, while it arrives."""
    if request.content_type == "multipart/form-data":
        return await from_parts(await parts_of(request), intake, request.app[VAULT].policy)
    if "OTS-Kind" in request.headers or "OTS-Name" in request.headers:
        return await _raw(request, intake)
    if request.content_type == "application/x-www-form-urlencoded":
        return await _form(request, intake)
    return await _raw(request, intake)


async def _raw(request: web.Request, intake: Intake) -> Sealed:
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
    wishes.check(request.app[VAULT].policy)
    content = _body(request)
    size = request.content_length
    async with intake.draft(content, kind=Kind(kind), name=wishes.name, size=size) as draft:
        return await wishes.commit(intake, draft)


def _body(request: web.Request) -> AsyncIterable[bytes]:
    if all_here(request):
        return _whole(request.content.read_nowait())
    return arriving(lambda: request.content.read(PIECE))


def _unquoted(value: str | None, what: str) -> str | None:
    try:
        return None if value is None else unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise Malformed(what) from None


async def _form(request: web.Request, intake: Intake) -> Sealed:
    """Take a text out of an ordinary form."""
    fields = Fields.of_form(await read_small(request, LONGEST_FORM))
    text = fields.get("text")
    if text is None:
        raise EmptyText
    wishes = _Wishes(password=fields.get("password"), expires=fields.get("expires"))
    wishes.check(request.app[VAULT].policy)
    async with intake.draft(_whole(text.encode()), kind=Kind.TEXT) as draft:
        return await wishes.commit(intake, draft)


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    if data:
        yield data


async def from_parts(parts: MultipartReader, intake: Intake, policy: Policy) -> Sealed:
    """Take a file or a text, or several as one zip; the wishes may come before or after.

    Whether more follows shows only when the first is sealed: it is read back then, into the zip.
    """
    wishes = _Wishes()
    async with AsyncExitStack() as stack:
        contents = await stack.enter_async_context(aclosing(_contents(parts, wishes)))
        first = await _soon(contents)
        if first is None:
            raise EmptyText
        draft = await stack.enter_async_context(
            intake.draft(first.bytes, kind=first.kind, name=first.name)
        )
        wishes.name, wishes.type = first.name, first.type
        second = await _soon(contents)
        if second is not None:
            again = Entry(first.entry_name, draft.size, intake.again(draft))
            zipped = Arriving(_entries(again, second, contents, policy))
            name = first.name or second.name  # not the zip's: the endings of its files count
            draft = await stack.enter_async_context(intake.draft(zipped, kind=Kind.FILE, name=name))
            wishes.name, wishes.type = NAME, TYPE
        return await wishes.commit(intake, draft)


@dataclass(frozen=True, slots=True)
class _Content:
    """A part with something in it, while it arrives."""

    kind: Kind
    name: str | None
    type: str | None
    bytes: AsyncIterator[bytes]

    @property
    def entry_name(self) -> str:
        """What it is called among others, as in chats."""
        return MESSAGE if self.kind is Kind.TEXT else self.name or ""


async def _contents(parts: MultipartReader, wishes: _Wishes) -> AsyncGenerator[_Content]:
    """Give one content after the other, and note the wishes that stand between them."""
    texts = 0
    while (part := await next_part(parts)) is not None:
        if part.name in {"file", "text"}:
            content = await _content(part)
            texts += content is not None and content.kind is Kind.TEXT
            if texts > 1:
                raise Malformed("form: text: it is there twice")
            if content is not None:
                yield content
        elif part.name in {"password", "expires"}:
            if getattr(wishes, part.name) is not None:
                raise Malformed(f"{part.name}: it is there twice")
            setattr(wishes, part.name, await field(part))
        else:
            raise Malformed("form: send file or text, password, expires")


async def _content(part: BodyPartReader) -> _Content | None:
    """Begin to read a part; an empty field that a browser sends beside the other counts not."""
    first = await piece(lambda: part.read_chunk(PIECE))
    named = bool(part.filename)
    if not first and not named:
        return None
    kind = Kind.FILE if named or part.name == "file" else Kind.TEXT
    media_type = part.headers.get("Content-Type") if kind is Kind.FILE else None
    return _Content(
        kind, part.filename, media_type, arriving(lambda: part.read_chunk(PIECE), first)
    )


async def _soon(contents: AsyncIterator[_Content]) -> _Content | None:
    """Limit what comes after a content: sealed bytes without a record are swept some day."""
    try:
        async with asyncio.timeout(LATE):
            return await anext(contents, None)
    except TimeoutError:
        raise SourceFailed from None


async def _entries(
    first: Entry, second: _Content, rest: AsyncIterator[_Content], policy: Policy
) -> AsyncIterator[Entry]:
    yield first
    content: _Content | None = second
    while content is not None:
        if content.kind is Kind.FILE:
            policy.check_name(content.name or "")
        yield Entry(content.entry_name, None, content.bytes)
        content = await _soon(rest)
