"""What a refusal sounds like in a chat: one sentence for every class of error."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from bots.replies import FAILED, clock
from core import errors as e
from core.language import N_, _, ngettext
from core.quantities import show_duration, show_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

Say: TypeAlias = "str | Callable[[Any], str]"


def _from(moment: datetime) -> str:
    """Name the first full minute from this moment on."""
    return clock(moment + timedelta(minutes=1, microseconds=-1))


def _wait(error: e.Taken | e.Occupied | e.Busy | e.Unavailable | e.RateLimited) -> str:
    return show_duration(timedelta(seconds=error.retry_after))


def _later(sentence: str) -> Callable[[Any], str]:
    return lambda error: _(sentence).format(wait=_wait(error))


def _malformed(error: e.Malformed) -> str:
    sentence = _("I could not read this: {what}. Check it, and send it again.")
    return sentence.format(what=error.what)


def _too_large(error: e.TooLarge) -> str:
    return _("That is too large. Send at most {limit}.").format(limit=show_size(error.limit))


def _extension(error: e.ForbiddenExtension) -> str:
    allowed = ", ".join(error.allowed)
    if not error.extension:
        sentence = _("Files without an ending are not taken. Allowed: {allowed}.")
        return sentence.format(allowed=allowed)
    sentence = _("Files with .{ending} are not taken. Allowed: {allowed}.")
    return sentence.format(ending=error.extension, allowed=allowed)


def _lifetime(error: e.BadLifetime) -> str:
    return _("Choose a lifetime from {shortest} to {longest}.").format(
        shortest=show_duration(error.shortest), longest=show_duration(error.longest)
    )


def _password(error: e.BadPassword) -> str:
    sentence = _("A password has at most {longest} bytes. Choose a shorter one.")
    return sentence.format(longest=error.longest)


def _label(error: e.BadLabel) -> str:
    sentence = _("A name has at most {longest} characters. Choose a shorter one.")
    return sentence.format(longest=error.longest)


def _too_many_asked(error: e.TooManyAsked) -> str:
    sentence = ngettext(
        "You have {count} link open by which something can be handed in. "
        "Revoke one of your list, and ask again.",
        "You have {count} links open by which something can be handed in. "
        "Revoke one of your list, and ask again.",
        error.most,
    )
    return sentence.format(count=error.most)


def _wrong_password(error: e.WrongPassword) -> str:
    sentence = _("Wrong password. Check it; attempts left: {count}.")
    return sentence.format(count=error.attempts_left)


def _closed(error: e.Closed) -> str:
    return {
        "used": _("This link was used, and takes nothing more. Ask with a new one."),
        "expired": _("This link's time is over, and it takes nothing more. Ask with a new one."),
        "revoked": _("This link was revoked, and takes nothing more. Ask with a new one."),
    }[error.state]


def _gone(error: e.Gone) -> str:
    return {
        "opened": _("It was opened before. Ask its sender for a new link."),
        "expired": _("Its time ran out. Ask its sender for a new link."),
        "revoked": _("It was revoked. Ask its sender for a new link."),
    }[error.state]


def _out_of_range(error: e.OutOfRange) -> str:
    sentence = _("It ends after {size}. Ask for a part before that.")
    return sentence.format(size=show_size(error.size))


def _rate_limited(error: e.RateLimited) -> str:
    sentence = _(
        "I take at most {limit} an hour from one sender. "
        "Nothing was kept: please send it again at {time}, in {wait}."
    )
    return sentence.format(limit=error.limit, time=_from(error.again_at), wait=_wait(error))


def _too_many_at_once(error: e.TooManyAtOnce) -> str:
    sentence = _(
        "I take at most {limit} from one sender at a time. "
        "Nothing was kept: please send it again when another one has ended."
    )
    return sentence.format(limit=error.limit)


REFUSALS: dict[type[e.OneTimeShareError], Say] = {
    e.BadInput: N_("I can't take that as it is. Change it, and send it again."),
    e.Malformed: _malformed,
    e.EmptyText: N_("That was empty. Send a text or a file."),
    e.TooLarge: _too_large,
    e.ForbiddenExtension: _extension,
    e.BadLifetime: _lifetime,
    e.BadPassword: _password,
    e.BadLabel: _label,
    e.TooManyAsked: _too_many_asked,
    e.SourceFailed: N_("It broke off on its way to me. Nothing was kept: please send it again."),
    e.NotFound: N_("I know no such secret of yours. Check the link."),
    e.PasswordRequired: N_("It has a password. Ask its sender for it."),
    e.WrongPassword: _wrong_password,
    e.Locked: N_("It is locked after too many wrong passwords. Its sender can unlock it."),
    e.Changed: N_("It was changed just now. Try again."),
    e.Taken: _later(N_("Somebody has it open. Try again in {wait}.")),
    e.Occupied: _later(N_("Somebody is handing something in. Try again in {wait}.")),
    e.Closed: _closed,
    e.Gone: _gone,
    e.TooLate: N_("Too late: it was opened before, so nothing can be changed. Send a new one."),
    e.UnlockedTooOften: N_("It was unlocked three times already. Please share it again."),
    e.OutOfRange: _out_of_range,
    e.Corrupt: N_("What is stored is damaged; nothing of it was handed out. Tell the operator."),
    e.Busy: _later(N_("I am busy. Nothing was kept: please send it again in {wait}.")),
    e.RateLimited: _rate_limited,
    e.TooManyAtOnce: _too_many_at_once,
    e.Unavailable: _later(
        N_(
            "My storage does not answer. Nothing was kept: "
            "please send it again in {wait}, or tell the operator."
        )
    ),
    e.Newer: N_(
        "A newer version of me has stored this. Nothing is lost: "
        "please tell the operator to upgrade me."
    ),
    e.Unfinished: N_("My storage went away in the middle of it. Nothing is lost: try again."),
    e.StorageFull: N_("My storage is full. Nothing was kept: please tell the operator."),
    e.NotSignedIn: N_("That is for the admin alone. Ask the operator."),
    e.WrongLogin: N_("User or password is wrong. Check both, and try again."),
    e.Foreign: N_("That came from another page. Load the page again, and try again."),
    e.Duplicate: N_("I have had that before. Send it anew for another link."),
    e.DoorClosed: N_("I can't work now. Please tell the operator."),
    e.CannotStart: N_("I can't work now. Please tell the operator."),
}


def refusal(error: e.OneTimeShareError) -> str:
    """Say what went wrong and what to do, by the error's class or the nearest above it."""
    kind = next((kind for kind in type(error).__mro__ if kind in REFUSALS), None)
    say = FAILED if kind is None else REFUSALS[kind]
    return _(say) if isinstance(say, str) else say(error)
