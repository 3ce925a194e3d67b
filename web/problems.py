"""ONE table of what each error is on the web: a status, a title, a sentence on what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from core import errors as e
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
        "opened": "It was opened before, and it opens only once.",
        "expired": "Its time ran out before anybody opened it. Ask the sender for a new link.",
        "revoked": "The sender took it back. Nobody received it.",
    }[error.state]


def _closed(error: e.Closed) -> str:
    return {
        "used": "Something was handed in already, and it takes one thing only.",
        "expired": "Its time ran out. Whoever asked can send you a new link.",
        "revoked": "Whoever asked took it back.",
    }[error.state]


def _extension(error: e.ForbiddenExtension) -> str:
    allowed = ", ".join(error.allowed)
    ending = f".{error.extension}" if error.extension else "no ending"
    return f"Files with {ending} are not taken here. Allowed are: {allowed}."


def _lifetime(error: e.BadLifetime) -> str:
    return (
        f"Choose a lifetime from {show_duration(error.shortest)} to {show_duration(error.longest)}."
    )


def _left(error: e.WrongPassword | e.PasswordRequired) -> str:
    left = error.attempts_left
    if left == 0:
        return "That was the last attempt: it is locked now. Ask the sender to unlock it."
    return f"{left} attempt left." if left == 1 else f"{left} attempts left."


TABLE: dict[type[e.OneTimeShareError], tuple[int, str, Say]] = {
    e.Malformed: (400, "Not readable", lambda x: f"This could not be read: {x.what}."),
    e.EmptyText: (400, "Nothing to share", "Write a text or choose a file."),
    e.TooLarge: (413, "Too large", lambda x: f"The limit is {show_size(x.limit)}."),
    e.ForbiddenExtension: (415, "Not this kind of file", _extension),
    e.BadLifetime: (422, "Not this lifetime", _lifetime),
    e.BadPassword: (
        422,
        "Not this password",
        lambda x: f"A password has at most {x.longest} bytes.",
    ),
    e.SourceFailed: (400, "The upload broke off", "Nothing was kept. Send it again."),
    e.NotFound: (
        404,
        "Nothing here",
        "The link is wrong or cut off, or what it led to is long over.",
    ),
    e.PasswordRequired: (403, "A password is needed", "The sender has set one; ask them for it."),
    e.WrongPassword: (403, "Wrong password", _left),
    e.Locked: (
        423,
        "Locked",
        "There were too many wrong passwords. Nobody received it: ask the sender to unlock it.",
    ),
    e.Changed: (
        409,
        "It changed meanwhile",
        "The sender changed its password or lock just now. Open the link again.",
    ),
    e.Taken: (
        409,
        "Open somewhere else",
        lambda x: f"Another page has it open. Try again in {x.retry_after} seconds.",
    ),
    e.Occupied: (
        409,
        "Somebody is handing it in",
        lambda x: f"Another upload is under way. Try again in {x.retry_after} seconds.",
    ),
    e.Closed: (410, "It takes nothing any more", _closed),
    e.Gone: (410, "It is gone", _gone),
    e.TooLate: (409, "Too late", "It was opened before it could be revoked."),
    e.UnlockedTooOften: (
        423,
        "It stays locked",
        "It was unlocked three times and locked again each time. Share it anew.",
    ),
    e.OutOfRange: (416, "Nothing there", lambda x: f"There are {x.size} bytes."),
    e.Corrupt: (
        500,
        "Damaged",
        "What is stored is not what was sealed. Nothing of it was handed out. Tell the operator.",
    ),
    e.Busy: (503, "Busy", lambda x: f"Try again in {x.retry_after} seconds. Nothing is lost."),
    e.Unavailable: (
        503,
        "Not available just now",
        lambda x: f"Try again in {x.retry_after} seconds. Nothing is lost.",
    ),
    e.Unfinished: (
        503,
        "Not finished",
        "It may be yours already. Send the same again with this claim, within 15 minutes.",
    ),
    e.StorageFull: (
        507,
        "No room left",
        "This server is full. Nothing was kept; tell the operator.",
    ),
    e.NotSignedIn: (
        401,
        "For the admin alone",
        "Sign in at /auth/login, or get a token from /auth/token and send it as Bearer.",
    ),
    e.WrongLogin: (401, "Not signed in", "User or password is wrong. Check both, and try again."),
    e.Foreign: (
        403,
        "Nothing was done",
        "This came from another site or an old page. Load the page again, and try again.",
    ),
    e.Duplicate: (409, "Sent twice", "The same was sent before."),
}

# What is asked in a way that no route answers.
_STATUSES = {
    404: "There is no such page.",
    405: "This address answers other requests only.",
    413: "The request is too large.",
    417: "This expectation can not be met.",
}


def problem_of(error: e.OneTimeShareError) -> Problem:
    """Look an error up, by its class or the nearest above it."""
    kind = next((kind for kind in type(error).__mro__ if kind in TABLE), None)
    if kind is None:
        return INTERNAL
    status, title, say = TABLE[kind]
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()
    data = {key: value for key, value in vars(error).items() if key in SHOWN}
    return Problem(name, status, title, say if isinstance(say, str) else say(error), data)


def problem_of_status(status: int) -> Problem:
    """Describe a refusal of the HTTP layer."""
    title = HTTPStatus(status).phrase
    name = title.lower().replace(" ", "-")
    return Problem(name, status, title, _STATUSES.get(status, "The request can not be answered."))


INTERNAL = Problem(
    "internal", 500, "Something went wrong", "It is our fault, and it is logged. Try again later."
)
