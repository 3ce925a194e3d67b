"""Everything that can go wrong, drawn.

    OneTimeShareError
    ├── BadInput                 what was handed in can't be taken
    │   ├── Malformed            not readable as what it should be
    │   ├── EmptyText
    │   ├── TooLarge             (limit)
    │   ├── ForbiddenExtension   (extension, allowed)
    │   ├── BadLifetime          (shortest, longest)
    │   ├── BadPassword          (longest)
    │   ├── BadLabel             (longest)
    │   └── TooManyAsked         (most)
    ├── SourceFailed             what was being handed in broke off
    ├── NotFound                 no such secret, or not for you: one answer for both
    ├── PasswordRequired         (attempts_left)
    ├── WrongPassword            (attempts_left)
    ├── Locked                   too many wrong passwords, or claims that came to nothing
    ├── Taken                    another page has it open (retry_after)
    ├── Occupied                 another upload uses the invitation just now (retry_after)
    ├── Closed                   (state) an invitation that was used, revoked, or is over
    ├── Changed                  the sender changed it meanwhile: open it again
    ├── Gone                     (state) opened, expired or revoked before
    ├── TooLate                  the sender's wish came after the opening
    ├── UnlockedTooOften         the lock stays now
    ├── OutOfRange               (size) a part of the bytes that doesn't exist
    ├── Corrupt                  sealed bytes that don't verify
    ├── Busy                     (retry_after) try again soon
    ├── RateLimited              (what, limit, again_at, retry_after) too often
    ├── TooManyAtOnce            (limit, retry_after) too many uploads of one sender at a time
    ├── Unavailable              (retry_after) Redis or the blob store does not answer
    │   ├── Newer                a newer server has stored it: this one must be upgraded
    │   └── Unfinished           (claim) it may be the caller's already: repeat it with that claim
    ├── StorageFull              no room to keep it
    ├── NotSignedIn              for the admin alone, and nobody showed a right to it
    ├── WrongLogin               not the admin's name and password
    ├── Foreign                  a change that another site, or an old page, asked for
    ├── Duplicate                (answered) the platform told the same event before; do nothing
    ├── DoorClosed               (reason) a door can't open, and its operator must act
    └── CannotStart              (reason) nothing can run here until the operator acts

Errors carry the data that their sentence needs, never a secret.
`web.middlewares` gives each its HTTP status, `bots.replies` its sentence for chat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class OneTimeShareError(Exception):
    """Anything this service refuses or fails to do, on purpose."""


class BadInput(OneTimeShareError):
    """What was handed in can't be taken; the sentence says what to change."""


class Malformed(BadInput):
    """Not readable as what it should be; `what` names the part, never its value."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class EmptyText(BadInput):
    """A text without a single character. An empty file is allowed."""


class TooLarge(BadInput):
    """More bytes than `limit`, counted on what really arrived."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class ForbiddenExtension(BadInput):
    """The file name's ending is not on the operator's list."""

    def __init__(self, extension: str, allowed: tuple[str, ...]) -> None:
        super().__init__(extension, allowed)
        self.extension = extension
        self.allowed = allowed


class BadLifetime(BadInput):
    """Shorter or longer than this server allows."""

    def __init__(self, shortest: timedelta, longest: timedelta) -> None:
        super().__init__(shortest, longest)
        self.shortest = shortest
        self.longest = longest


class BadPassword(BadInput):
    """A password longer than `longest` bytes of UTF-8, or not text at all."""

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self.longest = longest


class BadLabel(BadInput):
    """What somebody calls themselves has more than `longest` characters."""

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self.longest = longest


class TooManyAsked(BadInput):
    """A sender has `most` invitations open already: one must be used, revoked or over first."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class SourceFailed(OneTimeShareError):
    """What was being handed in broke off: the platform's download or the sender's upload."""


class NotFound(OneTimeShareError):
    """No such secret, or not for whoever asks: nobody can tell which."""


class PasswordRequired(OneTimeShareError):
    """The secret has a password and none was given; no attempt was used up."""

    def __init__(self, attempts_left: int) -> None:
        super().__init__(attempts_left)
        self.attempts_left = attempts_left


class WrongPassword(OneTimeShareError):
    """One of five attempts is used up."""

    def __init__(self, attempts_left: int) -> None:
        super().__init__(attempts_left)
        self.attempts_left = attempts_left


class Locked(OneTimeShareError):
    """Too many wrong passwords, or claims that came to nothing. The secret is still there."""


class Taken(OneTimeShareError):
    """Another page holds the claim; it may lapse in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Occupied(OneTimeShareError):
    """Another upload uses the invitation; its place may be free in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Closed(OneTimeShareError):
    """An invitation that takes nothing any more: `state` is "used", "revoked" or "expired"."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Changed(OneTimeShareError):
    """The sender changed password or lock meanwhile; nothing was used up. Open it again."""


class Gone(OneTimeShareError):
    """Over for good: `state` is "opened", "expired" or "revoked"."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class TooLate(OneTimeShareError):
    """The sender's wish came after the opening."""


class UnlockedTooOften(OneTimeShareError):
    """The sender unlocked it three times, and it was locked again each time: it stays locked."""


class OutOfRange(OneTimeShareError):
    """A part was asked for that begins beyond the `size` bytes that there are."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Corrupt(OneTimeShareError):
    """Sealed bytes that don't verify: truncated, altered, reordered or foreign."""


class Busy(OneTimeShareError):
    """No room for this work now; nothing was used up. Try again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class RateLimited(OneTimeShareError):
    """Too often: `limit` are let in, and the next one from the moment `again_at` on.

    `what` is "uploads" (an hour, of a sender), "opens" or "logins" (a minute, of a network).
    """

    def __init__(self, what: str, limit: int, *, again_at: datetime, retry_after: int) -> None:
        super().__init__(what, limit)
        self.what = what
        self.limit = limit
        self.again_at = again_at
        self.retry_after = retry_after


class TooManyAtOnce(OneTimeShareError):
    """One sender has `limit` uploads under way, and may have no more; try in `retry_after` s."""

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__(limit, retry_after)
        self.limit = limit
        self.retry_after = retry_after


class Unavailable(OneTimeShareError):
    """Redis or the blob store does not answer; nothing was used up."""

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Newer(Unavailable):
    """A newer server has stored it, in a layout that this one never saw; nothing was done."""

    def __init__(self, retry_after: int = 60) -> None:
        super().__init__(retry_after)


class Unfinished(Unavailable):
    """The server chose the claim, and may have won the latch for it before storage went away.

    `claim` (base64url) is for the answer alone: neither the text nor the repr of this shows it.
    """

    def __init__(self, claim: str, retry_after: int) -> None:
        super().__init__(retry_after)
        self.claim = claim


class StorageFull(OneTimeShareError):
    """No room to keep it."""


class NotSignedIn(OneTimeShareError):
    """For the admin alone: no session or token was shown, or it is forged or over."""


class WrongLogin(OneTimeShareError):
    """Not the admin's name and password: nobody can tell which of them is wrong."""


class Foreign(OneTimeShareError):
    """A change that did not come from one of this session's own pages; nothing was done."""


class Duplicate(OneTimeShareError):
    """The platform told the same event before: do nothing. `answered`, or at work elsewhere."""

    def __init__(self, *, answered: bool = True) -> None:
        super().__init__()
        self.answered = answered


class DoorClosed(OneTimeShareError):
    """A door can't open until its operator acts; `reason` is a sentence that says how."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CannotStart(OneTimeShareError):
    """Nothing can run here until the operator acts; `reason` is a sentence that says how."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
