"""Every sentence that only Discord's people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.utils import format_dt

from bots import refusals, replies
from core.errors import Locked, OneTimeShareError, PasswordRequired
from core.language import N_, _
from core.quantities import show_size
from core.receipts import Event
from core.secret import State

if TYPE_CHECKING:
    from datetime import datetime

    from core.secret import Status

# ── the message that holds a link ───────────────────────────────────────────────────────────────
LINK_FOR_TEXT = N_("Your link for your text. It opens once:")
LINK_FOR_FILE = N_("Your link for your file. It opens once:")
LINK_FOR_FILES = N_("Your link for your files, together in one zip. It opens once:")
TEXT_ALONE = N_("It holds your text alone, since the files could not be shared.")
TELL_PASSWORD = N_("Tell the password some other way than the link.")
REPLACES = N_("It replaces an earlier link for the same message, which opens nothing.")
MADE = N_("{state}\nThe link was made {made}, and opens nothing any more.")
# Discord counts down by itself, so that this stays true without an edit.
WAITING = N_("Waiting, expires {when}.")
CLAIMED = N_("Somebody is about to open it.")
LOCKED = N_("Locked after 5 wrong passwords.")
LOCKED_UNREAD = N_("Locked: pages claimed it ten times and never read it.")
UNLOCKS_LEFT = N_("You may unlock it; times left: {count}.")
NO_UNLOCK_LEFT = N_("It can't be unlocked any more: revoke it, and share it again.")
BEING_READ = N_("Opened, and on its way to the recipient.")
OPENED = N_("Opened {time}.")
UNCONFIRMED = N_("Opened {time}; all of it went out, and the recipient's page did not confirm it.")
INTERRUPTED = N_("Opened {time}, and broken off: perhaps not all of it arrived.")
EXPIRED = N_("Expired unopened {time}.")
REVOKED = N_("Revoked {time}. Nobody received it.")
LOST = N_("Its bytes are lost on my side, so nobody can open it: please share it again.")
HELD = N_("Somebody with the link holds it up: pages claim it and never read it.")
REALLY = N_("Destroy it now? Nobody can open it afterwards.")
RESCHEDULED = N_("The lifetime is changed.")
UNLOCKED = N_("Unlocked: there are 5 attempts again.")
PASSWORD_SET = N_("The password is set. The link stays the same.")
PASSWORD_GONE = N_("The password is gone. The link stays the same.")
NO_LINK_HERE = N_("I don't find the link in this message, and I keep none: share it again.")
OVER = N_("It is over, and forgotten: I remember what is over for 24 hours.")
NOT_YOURS = N_("Only whoever shared it can do that. Share something of yours with /share.")

REFUSALS: dict[type[OneTimeShareError], str] = {  # where the sender is meant, not the recipient
    PasswordRequired: N_("It has a password by now: press Password again, and give that one too."),
    Locked: N_("It is locked: unlock it first."),
}

# ── buttons ─────────────────────────────────────────────────────────────────────────────────────
POST = N_("Post link here")
PASSWORD = N_("Password")
REFRESH = N_("Refresh")
TELL_ME = N_("Tell me by DM")
TELL_ME_NOT = N_("No more DMs")
REVOKE = N_("Revoke")
REVOKE_NOW = N_("Destroy it")
KEEP = N_("Keep it")
UNLOCK = N_("Unlock")
LIFETIME = N_("Another lifetime, from now on")
FOR_ALL = N_("{name} shared something. It opens once, for whoever is first:\n{link}")
COPY_IT = N_("Here only you would see it: copy the link above, and post it yourself.")

# ── being told ──────────────────────────────────────────────────────────────────────────────────
WILL_TELL = N_("I tell you here when your link is opened, locked, or expires.")
TELLS = N_("You are told by DM.")
TELLS_NOT = N_("You are no longer told by DM.")
CANT_TELL = N_(
    "I can't write to you. Allow direct messages from this server's members, "
    "or add the app to your account, and choose it again. /secrets always tells."
)

# ── the form of /share ──────────────────────────────────────────────────────────────────────────
FILES = N_("Files")
ONE_ZIP = N_("Several, or one with a text, become one zip.")

# ── the form of a password ──────────────────────────────────────────────────────────────────────
SHARE_ONCE = N_("Share once")
A_TEXT = N_("A text")
PASSWORD_OPTIONAL = N_("Optional; tell it some other way.")
DESTROYED_AFTER = N_("Destroyed unopened after")
PASSWORD_TITLE = N_("Password for the recipient")
NEW_PASSWORD = N_("New password")
NEW_PASSWORD_HINT = N_("Tell it some other way than the link.")
EMPTY_FOR_NONE = N_("Leave it empty for none.")
OLD_PASSWORD = N_("Its password until now")

# ── /secrets and /delete-my-data ────────────────────────────────────────────────────────────────
NO_SECRETS = N_("You have shared nothing that I remember. What is over is listed for 24 hours.")
SECRETS = N_("Your secrets, newest first. What is over is listed for 24 hours.")
LISTED = N_("{number}. of {made}, {size}: {state}")
CHOICE = N_("{number}. of {made}, {size}")
MORE_SECRETS = N_("Older ones are left out: {count}.")
REVOKE_ONE = N_("Revoke one")
REALLY_ONE = N_("Destroy number {number}, of {made}? Nobody can open it afterwards.")
REALLY_ALL = N_(
    "Destroy all that you have waiting, revoke your requests, and forget the lists of both?"
)
FORGET = N_("Delete my data")
FORGET_NOT = N_("Keep everything")
NOTHING_DONE = N_("Nothing was changed.")
FORGOTTEN = N_(
    "Your data is deleted, and your requests take nothing more. Secrets destroyed: {count}. "
    "What is over leaves a note of state and times for 24 hours, without your name. "
    "Where you were to be told lies sealed in the list of events for 7 days at most."
)

# ── an existing message ─────────────────────────────────────────────────────────────────────────
DELETED = N_("The original message is deleted.")
DELETE_YOURS = N_("I may not delete messages here: delete your message yourself.")
ITS_AUTHOR = N_(
    "The original is still there: its author, or who may manage messages here, can delete it."
)
I_MAY_NOT = N_("The original is still there: you may delete it, I may not.")

HELP = N_(
    "**/share** opens a form for a text, files and a password; **/share file:** takes a file at "
    "once; **Apps → Share once** in a message's menu takes what is there; and you can write to me. "
    "You get a link that opens exactly once, and only you see my answer. Several files are one "
    "zip; a text beside them is message.txt in it.\n"
    "Unopened, it is destroyed after {lifetime}, or when you choose. Files have at most {limit}.\n"
    "**/request** gives a link by which somebody else can hand you one text or file. "
    "Of that alone I keep the link, sealed, until I brought it to you.{larger}\n"
    "The buttons below a link change its lifetime and password, revoke it, or post it where you "
    "are. My answer says when it was opened: by itself for 15 minutes after you last pressed "
    "something, and then whenever you press Refresh. I write to you only where you wrote to me, or "
    "chose “Tell me by DM”. **/secrets** lists what you shared, and revokes.\n"
    "Link previews open nothing. Whoever has the link can open it: pass it on with care.\n"
    "{truth}\n{no_login} **/privacy** says what is kept, **/delete-my-data** deletes it."
)
LARGER = N_("**/upload** gives a page for a file that Discord does not let you attach.")
PRIVACY = N_(
    "{kept}\nWhere you are told about a link (chat and message, and Discord's permit to edit my "
    "answer, which ends after 15 minutes) is kept sealed beside it, and in the list of events for "
    "7 days at most. **/delete-my-data** destroys what you have waiting, and your list."
)


def refusal(error: OneTimeShareError) -> str:
    """Say to a sender what went wrong and what to do."""
    own = REFUSALS.get(type(error))
    return _(own) if own else refusals.refusal(error)


def help_(lifetime: str, limit: str, *, uploads: bool) -> str:
    """Say what is possible and what is true; `uploads`: pages take larger files."""
    return _(HELP).format(
        lifetime=lifetime,
        limit=limit,
        larger=f"\n{_(LARGER)}" if uploads else "",
        truth=_(replies.TRUTH),
        no_login=_(replies.NO_LOGIN),
    )


def privacy(page: str) -> str:
    """Say what is kept."""
    return _(PRIVACY).format(kept=replies.privacy(page))


def clock(moment: datetime) -> str:
    """Name a time of day."""
    return f"{moment:%H:%M} UTC"


def state(status: Status) -> str:
    """Say where a secret stands."""
    time = clock(status.ended_at) if status.ended_at else ""
    match status.state:
        case State.READY:
            return _(WAITING).format(when=format_dt(status.expires_at, "R"))
        case State.CLAIMED:
            return _(CLAIMED)
        case State.LOCKED:
            return _locked(status)
        case State.EXPIRED:
            return _(EXPIRED).format(time=time)
        case State.REVOKED:
            return _(REVOKED).format(time=time)
        case State.OPENED | State.BURNED:
            return _(OPENED).format(time=time) if time else _(BEING_READ)


def _locked(status: Status) -> str:
    why = LOCKED_UNREAD if status.attempts_left else LOCKED
    left = UNLOCKS_LEFT if status.unlocks_left else NO_UNLOCK_LEFT
    return f"{_(why)} {_(left).format(count=status.unlocks_left)}"


EVENTS = {
    Event.OPENED: OPENED,
    Event.UNCONFIRMED: UNCONFIRMED,
    Event.INTERRUPTED: INTERRUPTED,
    Event.EXPIRED: EXPIRED,
    Event.REVOKED: REVOKED,
    Event.WITHDRAWN: replies.NOTICES[Event.WITHDRAWN],
    Event.HELD: HELD,
    Event.LOCKED: LOCKED,
    Event.LOST: LOST,
}


def event(kind: Event, at: datetime) -> str:
    """Say what happened."""
    return _(EVENTS[kind]).format(time=clock(at))


def over(sentence: str, made: datetime | None) -> str:
    """Say how it ended, of which link."""
    return sentence if made is None else _(MADE).format(state=sentence, made=clock(made))


def secret(number: int, status: Status) -> str:
    """Tell one line of the list."""
    made, size = clock(status.created_at), show_size(status.size)
    return _(LISTED).format(number=number, made=made, size=size, state=state(status))


def secret_choice(number: int, status: Status) -> str:
    """Name one of the list."""
    made, size = clock(status.created_at), show_size(status.size)
    return _(CHOICE).format(number=number, made=made, size=size)
