"""Around every handler: one answer for every error."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from core.errors import Malformed, OneTimeShareError
from web.problems import Problem, internal, problem_of, problem_of_status

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from web.pages import Pages

log = structlog.get_logger()

# Begins of the headers of which only the first would be heard.
ONCE = ("ots-", "authorization", "content-encoding")
STREAMING = web.RequestKey("streaming", bool)  # the answer's head is out: no other can follow


def answer_errors(pages: Pages) -> Middleware:
    """Make the middleware that turns errors into answers, in the language the client reads."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _refuse_half_understood(request)
            return await handler(request)
        except OneTimeShareError as error:
            problem = problem_of(error)
            allow = None
        except web.HTTPException as error:
            if error.status < 400:  # noqa: PLR2004 - a redirect is no error
                raise
            problem = problem_of_status(error.status)
            allow = error.headers.get("Allow")
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - the last resort; a value could be a secret
            log.error("handler failed", error=type(error).__name__, at=_where(error))  # noqa: TRY400 - a traceback prints values
            problem = internal()
            allow = None
        if request.get(STREAMING):
            raise ConnectionResetError  # the client sees a broken transfer, never a wrong end
        answer = problem_answer(request, pages, problem)
        if allow:
            answer.headers["Allow"] = allow
        return answer

    return middleware


def _refuse_half_understood(request: web.Request) -> None:
    """Refuse a body that would be kept encoded, and wishes of which one would be overheard.

    Raises:
        HTTPUnsupportedMediaType: the body has a Content-Encoding.
        Malformed: a header of ours is there twice.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise web.HTTPUnsupportedMediaType
    headers = request.headers
    names = list(headers)  # each once, however it is spelled
    if len(names) == len(headers):
        return
    for name in map(str.lower, names):
        if name.startswith(ONCE) and len(headers.getall(name)) > 1:
            raise Malformed(f"{name}: it is there twice")


def wants_html(request: web.BaseRequest) -> bool:
    """Tell a browser's navigation from a program."""
    return "text/html" in request.headers.get("Accept", "")


def problem_answer(request: web.BaseRequest, pages: Pages, problem: Problem) -> web.Response:
    """Write a problem as a page or as JSON."""
    if wants_html(request):
        body = pages.error(status=problem.status, title=problem.title, detail=problem.detail)
        answer = web.Response(body=body, status=problem.status, content_type="text/html")
        answer.charset = "utf-8"
    else:
        answer = web.json_response(
            problem.json(), status=problem.status, content_type="application/problem+json"
        )
    if problem.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def _where(error: BaseException) -> str:
    """Name file and line, without the values that a traceback could show."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
