"""Every sentence that only Discord's people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.utils import format_dt

from bots import replies
from core.errors import Locked, OneTimeShareError, PasswordRequired
from core.quantities import show_size
from core.receipts import Event
from core.secret import State

if TYPE_CHECKING:
    from datetime import datetime

    from core.secret import Status

# ── the message that holds a link ───────────────────────────────────────────────────────────────
LINK_FOR_TEXT = "Your link for your text. It opens once:"
LINK_FOR_FILE = "Your link for your file. It opens once:"
LINK_FOR_FILES = "Your link for your files, together in one zip. It opens once:"
TEXT_ALONE = "It holds your text alone, since the files could not be shared."
TELL_PASSWORD = "Tell the password some other way than the link."  # noqa: S105 - a sentence
REPLACES = "It replaces an earlier link for the same message, which opens nothing."
MADE = "{state}\nThe link was made {made}, and opens nothing any more."
# Discord counts down by itself, so that this stays true without an edit.
WAITING = "Waiting, expires {when}."
CLAIMED = "Somebody is about to open it."
LOCKED = "Locked after 5 wrong passwords."
LOCKED_UNREAD = "Locked: pages claimed it ten times and never read it."
UNLOCKS_LEFT = "You may unlock it; times left: {count}."
NO_UNLOCK_LEFT = "It can't be unlocked any more: revoke it, and share it again."
BEING_READ = "Opened, and on its way to the recipient."
OPENED = "Opened {time}."
UNCONFIRMED = "Opened {time}; all of it went out, and the recipient's page did not confirm it."
INTERRUPTED = "Opened {time}, and broken off: perhaps not all of it arrived."
EXPIRED = "Expired unopened {time}."
REVOKED = "Revoked {time}. Nobody received it."
LOST = "Its bytes are lost on my side, so nobody can open it: please share it again."
HELD = "Somebody with the link holds it up: pages claim it and never read it."
REALLY = "Destroy it now? Nobody can open it afterwards."
RESCHEDULED = "The lifetime is changed."
UNLOCKED = "Unlocked: there are 5 attempts again."
PASSWORD_SET = "The password is set. The link stays the same."  # noqa: S105 - a sentence
PASSWORD_GONE = "The password is gone. The link stays the same."  # noqa: S105 - a sentence
NO_LINK_HERE = "I don't find the link in this message, and I keep none: share it again."
OVER = "It is over, and forgotten: I remember what is over for 24 hours."
NOT_YOURS = "Only whoever shared it can do that. Share something of yours with /share."

REFUSALS: dict[type[OneTimeShareError], str] = {  # where the sender is meant, not the recipient
    PasswordRequired: "It has a password by now: press Password again, and give that one too.",
    Locked: "It is locked: unlock it first.",
}

# ── buttons ─────────────────────────────────────────────────────────────────────────────────────
POST = "Post link here"
PASSWORD = "Password"  # noqa: S105 - a label
REFRESH = "Refresh"
TELL_ME = "Tell me by DM"
TELL_ME_NOT = "No more DMs"
REVOKE = "Revoke"
REVOKE_NOW = "Destroy it"
KEEP = "Keep it"
UNLOCK = "Unlock"
LIFETIME = "Another lifetime, from now on"
FOR_ALL = "{name} shared something. It opens once, for whoever is first:\n{link}"
COPY_IT = "Here only you would see it: copy the link above, and post it yourself."

# ── being told ──────────────────────────────────────────────────────────────────────────────────
WILL_TELL = "I tell you here when your link is opened, locked, or expires."
TELLS = "You are told by DM."
TELLS_NOT = "You are no longer told by DM."
CANT_TELL = (
    "I can't write to you. Allow direct messages from this server's members, "
    "or add the app to your account, and choose it again. /secrets always tells."
)

# ── the form of /share ──────────────────────────────────────────────────────────────────────────
FILES = "Files"
ONE_ZIP = "Several, or one with a text, become one zip."

# ── the form of a password ──────────────────────────────────────────────────────────────────────
PASSWORD_TITLE = "Password for the recipient"  # noqa: S105 - a label
NEW_PASSWORD = "New password"  # noqa: S105 - a label
NEW_PASSWORD_HINT = "Tell it some other way than the link."  # noqa: S105 - a sentence
EMPTY_FOR_NONE = "Leave it empty for none."
OLD_PASSWORD = "Its password until now"  # noqa: S105 - a label

# ── /secrets and /delete-my-data ────────────────────────────────────────────────────────────────
NO_SECRETS = "You have shared nothing that I remember. What is over is listed for 24 hours."
SECRETS = "Your secrets, newest first. What is over is listed for 24 hours."
LISTED = "{number}. of {made}, {size}: {state}"
CHOICE = "{number}. of {made}, {size}"
MORE_SECRETS = "Older ones are left out: {count}."
REVOKE_ONE = "Revoke one"
REALLY_ONE = "Destroy number {number}, of {made}? Nobody can open it afterwards."
REALLY_ALL = (
    "Destroy all that you have waiting, revoke your requests, and forget the lists of both?"
)
FORGET = "Delete my data"
FORGET_NOT = "Keep everything"
NOTHING_DONE = "Nothing was changed."
FORGOTTEN = (
    "Your data is deleted, and your requests take nothing more. Secrets destroyed: {count}. "
    "What is over leaves a note of state and times for 24 hours, without your name. "
    "Where you were to be told lies sealed in the list of events for 7 days at most."
)

# ── an existing message ─────────────────────────────────────────────────────────────────────────
DELETED = "The original message is deleted."
DELETE_YOURS = "I may not delete messages here: delete your message yourself."
ITS_AUTHOR = (
    "The original is still there: its author, or who may manage messages here, can delete it."
)
I_MAY_NOT = "The original is still there: you may delete it, I may not."

HELP = (
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
LARGER = " **/upload** gives a page for a file that Discord does not let you attach."
PRIVACY = (
    "{kept}\nWhere you are told about a link (chat and message, and Discord's permit to edit my "
    "answer, which ends after 15 minutes) is kept sealed beside it, and in the list of events for "
    "7 days at most. **/delete-my-data** destroys what you have waiting, and your list."
)


def help_(lifetime: str, limit: str, *, uploads: bool) -> str:
    """Say what is possible and what is true; `uploads`: pages take larger files."""
    return HELP.format(
        lifetime=lifetime,
        limit=limit,
        larger=LARGER if uploads else "",
        truth=replies.TRUTH,
        no_login=replies.NO_LOGIN,
    )


def privacy(page: str) -> str:
    """Say what is kept."""
    return PRIVACY.format(kept=replies.privacy(page))


def clock(moment: datetime) -> str:
    """Name a time of day."""
    return f"{moment:%H:%M} UTC"


def state(status: Status) -> str:
    """Say where a secret stands."""
    time = clock(status.ended_at) if status.ended_at else ""
    match status.state:
        case State.READY:
            return WAITING.format(when=format_dt(status.expires_at, "R"))
        case State.CLAIMED:
            return CLAIMED
        case State.LOCKED:
            return _locked(status)
        case State.EXPIRED:
            return EXPIRED.format(time=time)
        case State.REVOKED:
            return REVOKED.format(time=time)
        case State.OPENED | State.BURNED:
            return OPENED.format(time=time) if time else BEING_READ


def _locked(status: Status) -> str:
    why = LOCKED_UNREAD if status.attempts_left else LOCKED
    left = UNLOCKS_LEFT if status.unlocks_left else NO_UNLOCK_LEFT
    return f"{why} {left.format(count=status.unlocks_left)}"


EVENTS = {
    Event.OPENED: OPENED,
    Event.UNCONFIRMED: UNCONFIRMED,
    Event.INTERRUPTED: INTERRUPTED,
    Event.EXPIRED: EXPIRED,
    Event.REVOKED: REVOKED,
    Event.HELD: HELD,
    Event.LOCKED: LOCKED,
    Event.LOST: LOST,
}


def event(kind: Event, at: datetime) -> str:
    """Say what happened."""
    return EVENTS[kind].format(time=clock(at))


def over(sentence: str, made: datetime | None) -> str:
    """Say how it ended, of which link."""
    return sentence if made is None else MADE.format(state=sentence, made=clock(made))


def secret(number: int, status: Status) -> str:
    """Tell one line of the list."""
    made, size = clock(status.created_at), show_size(status.size)
    return LISTED.format(number=number, made=made, size=size, state=state(status))


def secret_choice(number: int, status: Status) -> str:
    """Name one of the list."""
    made, size = clock(status.created_at), show_size(status.size)
    return CHOICE.format(number=number, made=made, size=size)
