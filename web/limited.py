"""What the web counts of each network: uploads, openings, and requests for what is not there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from core.allowance import LOGINS, OPENS, UPLOADS
from core.draft import SMALL
from core.errors import NotFound
from core.permit import Permit
from web.keys import ADDRESSES, HOUSE

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from aiohttp.typedefs import Handler

    from core.draft import Draft
    from core.gate import Entered
    from core.secret import Kind, Sealed
    from web.intake import Intake

# Every way to open, each with POST.
OPENINGS = frozenset({"/s/{id}/open", "/s/{id}", "/d/{id}"})
PERMIT = web.RequestKey("permit", Permit)  # of an opening


@web.middleware
async def count_openings(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count openings, whatever comes of them, and as one each request for what is not there.

    Raises:
        RateLimited: there were too many from this network.
    """
    if _opens(request):
        return await _opening(request, handler)
    try:
        return await handler(request)
    except NotFound:
        await _count(request, OPENS)
        raise


async def _opening(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have it counted by the step that opens, or without one when it fails before."""
    limits = request.app[HOUSE].limits
    permit = request[PERMIT] = limits.permit(OPENS, request.app[ADDRESSES].of(request))
    try:
        return await handler(request)
    except Exception:
        await limits.use(permit)
        raise


def _opens(request: web.Request) -> bool:
    resource = request.match_info.route.resource
    return request.method == "POST" and resource is not None and resource.canonical in OPENINGS


async def count_login(request: web.Request) -> None:
    """Count a try to log in, before anything is checked.

    Raises:
        RateLimited: there were too many from this network.
    """
    await _count(request, LOGINS)


def recall_uploads(request: web.Request) -> None:
    """Refuse whoever is known to be over the limit, before their body is on its way.

    Raises:
        RateLimited: they are.
    """
    request.app[HOUSE].limits.recall(UPLOADS, request.app[ADDRESSES].of(request))


async def _count(request: web.Request, what: str) -> None:
    await request.app[HOUSE].limits.count(what, request.app[ADDRESSES].of(request))


@contextmanager
def uploading(request: web.Request, intake: Intake) -> Iterator[Intake]:
    """Have a place for an upload in the block; what goes into the intake is counted.

    Raises:
        TooManyAtOnce, Busy: there is none.
    """
    with request.app[HOUSE].gate.entered(request.app[ADDRESSES].of(request)) as entered:
        yield _Counted(intake, entered)


class _Counted:
    """Another intake, behind the gate."""

    def __init__(self, intake: Intake, entered: Entered) -> None:
        self._intake = intake
        self._entered = entered

    def draft(
        self,
        content: AsyncIterable[bytes],
        *,
        kind: Kind,
        name: str | None = None,
        size: int | None = None,
    ) -> AbstractAsyncContextManager[Draft]:
        counted = self._entered.counted(content, size, free=SMALL)
        return self._intake.draft(counted, kind=kind, name=name, size=size)

    def again(self, draft: Draft, /) -> AsyncIterator[bytes]:
        return self._intake.again(draft)

    async def commit(
        self,
        draft: Draft,
        *,
        name: str | None = None,
        media_type: str | None = None,
        lifetime: timedelta | None = None,
        password: str | None = None,
    ) -> Sealed:
        draft.permit = self._entered.permit
        return await self._intake.commit(
            draft, name=name, media_type=media_type, lifetime=lifetime, password=password
        )
