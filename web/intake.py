"""What a request hands in: a raw body, a form, or parts in any order, sealed while it arrives."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from core.errors import EmptyText, Malformed, SourceFailed
from core.policy import check_password
from core.quantities import parse_duration
from core.secret import Kind
from web.fields import Fields, read_small
from web.keys import VAULT
from web.parts import PIECE, arriving, field, next_part, parts_of, piece

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from aiohttp import BodyPartReader, web
    from aiohttp.multipart import MultipartReader

    from core.draft import Draft
    from core.policy import Policy
    from core.secret import Sealed

LATE = 300.0  # seconds for the fields that follow the content
LONGEST_FORM = 1024 * 1024  # of a form that is not multipart
OVERHEAD = 64 * 1024  # bytes that multipart may add to a file


class Intake(Protocol):
    """Where it goes: the vault, or the place of an invitation. `Vault` says what each does."""

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
        return await from_parts(await parts_of(request), intake)
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
    content = arriving(lambda: request.content.read(PIECE))
    size = request.content_length
    async with intake.draft(content, kind=Kind(kind), name=wishes.name, size=size) as draft:
        return await wishes.commit(intake, draft)


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
    yield data


async def from_parts(parts: MultipartReader, intake: Intake) -> Sealed:
    """Take one file or one text; the wishes may come before or after it."""
    wishes = _Wishes()
    draft: Draft | None = None
    async with AsyncExitStack() as stack:
        late = await stack.enter_async_context(_limited())
        while (part := await next_part(parts)) is not None:
            if part.name in {"file", "text"}:
                draft = await _content(stack, intake, part, wishes, draft)
                late.reschedule(asyncio.get_running_loop().time() + LATE)
            elif part.name in {"password", "expires"}:
                if getattr(wishes, part.name) is not None:
                    raise Malformed(f"{part.name}: it is there twice")
                setattr(wishes, part.name, await field(part))
            else:
                raise Malformed("form: send file or text, password, expires")
        if draft is None:
            raise EmptyText
        return await wishes.commit(intake, draft)


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
    intake: Intake,
    part: BodyPartReader,
    wishes: _Wishes,
    draft: Draft | None,
) -> Draft | None:
    """Seal the part's bytes; an empty field that a browser sends beside the other counts not."""
    first = await piece(lambda: part.read_chunk(PIECE))
    named = bool(part.filename)
    if not first and not named:
        return draft
    if draft is not None:
        raise Malformed("form: send one file or one text")
    kind = Kind.FILE if named or part.name == "file" else Kind.TEXT
    wishes.name = part.filename
    wishes.type = part.headers.get("Content-Type") if kind is Kind.FILE else None
    content = arriving(lambda: part.read_chunk(PIECE), first)
    return await stack.enter_async_context(intake.draft(content, kind=kind, name=part.filename))
