"""ONE table of what each error is on the web: a status, a title, a sentence on what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from core import errors as e
from core.language import N_, _, ngettext
from core.quantities import show_duration, show_size

if TYPE_CHECKING:
    from collections.abc import Callable

Say: TypeAlias = "str | Callable[[Any], str]"
SHOWN = ("attempts_left", "retry_after", "state", "limit", "extension", "size", "claim")


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that is not what was asked for (RFC 9457)."""

    name: str
    status: int
    title: str
    detail: str
    data: dict[str, str | int] = field(default_factory=dict)

    @property
    def retry_after(self) -> int | None:
        value = self.data.get("retry_after")
        return value if isinstance(value, int) else None

    def json(self) -> dict[str, object]:
        """Write it as `application/problem+json`."""
        return {
            "type": f"urn:onetimeshare:problem:{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.data,
        }


def _gone(error: e.Gone) -> str:
    return {
        "opened": _("It was opened before, and it opens only once."),
        "expired": _("Its time ran out before anybody opened it. Ask the sender for a new link."),
        "revoked": _("It was taken back. Nobody received it."),
    }[error.state]


def _closed(error: e.Closed) -> str:
    return {
        "used": _("Something was handed in already, and it takes one thing only."),
        "expired": _("Its time ran out. Whoever asked can send you a new link."),
        "revoked": _("Whoever asked took it back."),
    }[error.state]


def _extension(error: e.ForbiddenExtension) -> str:
    allowed = ", ".join(error.allowed)
    if not error.extension:
        sentence = _("Files without an ending are not taken here. Allowed are: {allowed}.")
        return sentence.format(allowed=allowed)
    sentence = _("Files with .{ending} are not taken here. Allowed are: {allowed}.")
    return sentence.format(ending=error.extension, allowed=allowed)


def _lifetime(error: e.BadLifetime) -> str:
    return _("Choose a lifetime from {shortest} to {longest}.").format(
        shortest=show_duration(error.shortest), longest=show_duration(error.longest)
    )


def _often(error: e.RateLimited) -> str:
    sentence = N_(
        "Requests like this from one network are limited to {limit} a minute. "
        "Nothing is lost: try again in {wait}."
    )
    if error.what == "uploads":
        sentence = N_(
            "Uploads from one network are limited to {limit} an hour. "
            "Nothing was kept: send it again in {wait}."
        )
    wait = show_duration(timedelta(seconds=error.retry_after))
    return _(sentence).format(limit=error.limit, wait=wait)


def _left(error: e.WrongPassword | e.PasswordRequired) -> str:
    left = error.attempts_left
    if left == 0:
        return _("That was the last attempt: it is locked now. Ask the sender to unlock it.")
    return ngettext("{count} attempt left.", "{count} attempts left.", left).format(count=left)


def _later(sentence: str) -> Callable[[Any], str]:
    def say(error: e.Taken | e.Occupied | e.Busy | e.Unavailable) -> str:
        return _(sentence).format(wait=show_duration(timedelta(seconds=error.retry_after)))

    return say


TABLE: dict[type[e.OneTimeShareError], tuple[int, str, Say]] = {
    e.Malformed: (
        400,
        N_("Not readable"),
        lambda x: _("This could not be read: {what}.").format(what=x.what),
    ),
    e.EmptyText: (400, N_("Nothing to share"), N_("Write a text or choose a file.")),
    e.TooLarge: (
        413,
        N_("Too large"),
        lambda x: _("The limit is {limit}.").format(limit=show_size(x.limit)),
    ),
    e.ForbiddenExtension: (415, N_("Not this kind of file"), _extension),
    e.BadLifetime: (422, N_("Not this lifetime"), _lifetime),
    e.BadPassword: (
        422,
        N_("Not this password"),
        lambda x: _("A password has at most {longest} bytes.").format(longest=x.longest),
    ),
    e.BadLabel: (
        422,
        N_("Not this name"),
        lambda x: _("A name has at most {longest} characters.").format(longest=x.longest),
    ),
    e.TooManyAsked: (
        409,
        N_("Too many are open"),
        lambda x: _("At most {most} links to hand something in are open at a time.").format(
            most=x.most
        ),
    ),
    e.SourceFailed: (400, N_("The upload broke off"), N_("Nothing was kept. Send it again.")),
    e.NotFound: (
        404,
        N_("Nothing here"),
        N_("The link is wrong or cut off, or what it led to is long over."),
    ),
    e.PasswordRequired: (
        403,
        N_("A password is needed"),
        N_("The sender has set one; ask them for it."),
    ),
    e.WrongPassword: (403, N_("Wrong password"), _left),
    e.Locked: (
        423,
        N_("Locked"),
        N_("There were too many wrong passwords. Nobody received it: ask the sender to unlock it."),
    ),
    e.Changed: (
        409,
        N_("It changed meanwhile"),
        N_("The sender changed its password or lock just now. Open the link again."),
    ),
    e.Taken: (
        409,
        N_("Open somewhere else"),
        _later(N_("Another page has it open. Try again in {wait}.")),
    ),
    e.Occupied: (
        409,
        N_("Somebody is handing it in"),
        _later(N_("Another upload is under way. Try again in {wait}.")),
    ),
    e.Closed: (410, N_("It takes nothing any more"), _closed),
    e.Gone: (410, N_("It is gone"), _gone),
    e.TooLate: (409, N_("Too late"), N_("It was opened before it could be revoked.")),
    e.UnlockedTooOften: (
        423,
        N_("It stays locked"),
        N_("It was unlocked three times and locked again each time. Share it anew."),
    ),
    e.OutOfRange: (
        416,
        N_("Nothing there"),
        lambda x: _("It ends after {size}.").format(size=show_size(x.size)),
    ),
    e.Corrupt: (
        500,
        N_("Damaged"),
        N_("What is stored is not what was sealed. Nothing was handed out. Tell the operator."),
    ),
    e.Busy: (
        503,
        N_("Busy"),
        _later(N_("Try again in {wait}. Nothing is lost.")),
    ),
    e.RateLimited: (429, N_("Too often"), _often),
    e.TooManyAtOnce: (
        429,
        N_("Too many at once"),
        lambda x: _("Wait until one of your {limit} uploads has ended.").format(limit=x.limit),
    ),
    e.Unavailable: (
        503,
        N_("Not available just now"),
        _later(N_("Try again in {wait}. Nothing is lost.")),
    ),
    e.Newer: (
        503,
        N_("This server is too old"),
        N_("A newer version of it has stored this. Nothing is lost: tell the operator."),
    ),
    e.Unfinished: (
        503,
        N_("Not finished"),
        N_("It may be yours already. Send the same again with this claim, within 15 minutes."),
    ),
    e.StorageFull: (
        507,
        N_("No room left"),
        N_("This server is full. Nothing was kept; tell the operator."),
    ),
    e.NotSignedIn: (
        401,
        N_("For the admin alone"),
        N_("Sign in at /auth/login, or get a token from /auth/token and send it as Bearer."),
    ),
    e.WrongLogin: (
        401,
        N_("Not signed in"),
        N_("User or password is wrong. Check both, and try again."),
    ),
    e.Foreign: (
        403,
        N_("Nothing was done"),
        N_("This came from another site or an old page. Load the page again, and try again."),
    ),
    e.Duplicate: (409, N_("Sent twice"), N_("The same was sent before.")),
}

# What is asked in a way that no route answers: a title, a sentence.
STATUSES = {
    400: (N_("Not readable"), N_("This is not a request that can be read.")),
    404: (N_("Nothing here"), N_("There is no such page.")),
    405: (N_("Not in this way"), N_("This address answers other requests only.")),
    413: (N_("Too large"), N_("The request is too large.")),
    415: (N_("Not readable"), N_("Send it as it is, without a Content-Encoding.")),
    417: (N_("Not readable"), N_("This expectation can not be met.")),
    431: (N_("Too large"), N_("The address or a header of the request is too long.")),
}
_OTHER = (N_("Something went wrong"), N_("The request can not be answered."))


def problem_of(error: e.OneTimeShareError) -> Problem:
    """Look an error up, by its class or the nearest above it."""
    kind = next((kind for kind in type(error).__mro__ if kind in TABLE), None)
    if kind is None:
        return internal()
    status, title, say = TABLE[kind]
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()
    data = {key: value for key, value in vars(error).items() if key in SHOWN}
    detail = _(say) if isinstance(say, str) else say(error)
    return Problem(name, status, _(title), detail, data)


def problem_of_status(status: int) -> Problem:
    """Describe a refusal of the HTTP layer."""
    title, detail = STATUSES.get(status, _OTHER)
    name = HTTPStatus(status).phrase.lower().replace(" ", "-")
    return Problem(name, status, _(title), _(detail))


def internal() -> Problem:
    """Describe what nobody expected."""
    detail = _("It is our fault, and it is logged. Try again later.")
    return Problem("internal", 500, _("Something went wrong"), detail)
