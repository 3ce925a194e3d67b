"""Every sentence that a person reads in a chat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from core import errors as e
from core.quantities import show_duration, show_size
from core.receipts import Event
from core.secret import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bots.share import Shared
    from core.receipts import Receipt
    from core.secret import Status

Say: TypeAlias = "str | Callable[[Any], str]"

COPY = "Copy link"
OPEN_PRIVATE = "Share in private"
YOUR_FILE = "your file"
YOUR_TEXT = "your text"
YOUR_FILES = "your files, together in one zip"
DELETED = "Your message is deleted."
NOT_DELETED = "I could not delete your message: please delete it yourself."
DELETE_IT = "Now delete your message above: bots can't do it here. Better use /share next time."
NO_TEXT_NO_FILE = "There was neither a text nor a file. Give one of them."
UNSUPPORTED = (
    "I can't take this kind of message. Send a text, a file, a photo, audio, video, "
    "a contact or a place."
)
IN_GROUPS = "Not here: everybody in this group would see it. Share with me in private."
TRUTH = (
    "The chat and this service see what you share while you hand it in. "
    "What I store can't be opened without the link, and I don't keep the link."
)
FAILED = "Something went wrong on my side: please send it again."
PRESS_FAILED = "Something went wrong on my side: please press again."
OLD_BUTTON = "This button does nothing any more."
UNLOCK = "Unlock"
UNLOCKED = "Unlocked: all attempts are back."
REVOKE = "Revoke"
SURE = "Yes, destroy it"
KEEP = "No, keep it"
PASSWORD = "Password"  # noqa: S105 - a sentence
PASSWORD_PROMPT = "Reply to this message"  # noqa: S105 - a sentence
PASSWORD_SET = "The password is set; the link stays. Tell it some other way."  # noqa: S105 - a sentence
PASSWORD_GONE = "The password is gone; the link stays the same."  # noqa: S105 - a sentence
PASSWORD_STAYS = "I could not delete your message with the password: please delete it yourself."  # noqa: S105 - a sentence
REVOKE_IT = "Destroy what this link opens? Nobody can open it afterwards."
NO_LINK_HERE = "I don't find the link in this message, and I keep none: share it again."
FORGET = "Yes, destroy everything"
FORGET_ALL = (
    "This revokes every secret of yours that nobody opened yet, and every request that nobody "
    "answered, and drops the lists of them. "
    "What ended before goes by itself within 24 hours."
)
NOTHING_LISTED = "You have no secrets here: none is waiting, and none ended in the last 24 hours."
EDITED = "I shared your message as it was first. To share the new version, send it again."
NO_LOGIN = "Do not enter your Discord login."
TELEGRAM_COMMANDS = {
    "start": "How it works",
    "help": "What is possible, and what is true",
    "list": "Your secrets: how they stand, revoke",
    "request": "Ask somebody for a text or a file",
    "upload": "Hand in a file that is too large for the chat",
    "revoke": "Destroy one: answer its link with this",
    "delete_my_data": "Revoke everything and forget you",
    "privacy": "What is kept, and how long",
}


LARGER = "• For a larger one I give you a page that takes it once; so does /upload."


def welcome(lifetime: str) -> str:
    """Greet, and say what to do."""
    return (
        "Send me a text or a file. I answer with a link that opens exactly once, "
        f"and delete your message. Unopened, it is destroyed after {lifetime}.\n\n"
        f"{TRUTH}\n\n/help tells more."
    )


def telegram_help(lifetime: str, limit: str, *, uploads: bool) -> str:
    """Say what is possible and what is true; `uploads`: pages take larger files."""
    larger = f"{LARGER}\n" if uploads else ""
    return (
        "• Send a text, file, photo, video, audio or voice message: you get a link.\n"
        f"• It opens once, and is destroyed unopened after {lifetime}, or when you choose.\n"
        "• I tell you when it was opened. /list shows all of yours; each can be revoked.\n"
        "• /request gives a link by which somebody else can hand you one text or file. "
        "Of that alone I keep the link, sealed, until I brought it to you.\n"
        f"• Files have at most {limit}.\n{larger}"
        "• An album becomes one link to a zip; a caption is message.txt in it.\n"
        "• Link previews open nothing. Whoever has the link can open it: pass it on with care.\n\n"
        f"{TRUTH}\n\n/privacy says what is kept."
    )


def privacy(page: str) -> str:
    """Say what is kept."""
    return (
        "I keep what you share sealed, without a key that opens it, until it is opened, revoked or "
        "its time is over; then a note of state and times for 24 hours. You are kept as a keyed "
        "hash, which names nobody. A link by which something is handed in holds the name that its "
        "page shows, sealed, until a day after it is over; and what is handed in has its own link "
        "kept, sealed, until I brought it to you, for a day at most. "
        f"Logs hold no content, names, keys or links. More: {page}"
    )


def until(moment: datetime) -> str:
    """Name a moment."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def sealed(shared: Shared, what: str) -> str:
    """Hand the link over."""
    lines = [f"Your link for {what}. It opens once, until {until(shared.expires_at)}:", shared.url]
    if shared.protected:
        lines.append("Tell the password some other way than the link.")
    if shared.replaced:
        lines.append("It replaces an earlier link for the same message, which opens nothing.")
    return "\n".join(lines)


def state(status: Status) -> str:
    """Say how a secret stands."""
    if status.state is State.READY:
        left = status.expires_at - datetime.now(UTC)
        return f"Waiting, expires in {show_duration(left)}"
    return {
        State.CLAIMED: "Somebody is about to open it",
        State.LOCKED: "Locked after too many wrong passwords or openings that came to nothing",
        State.EXPIRED: "Expired unopened",
        State.REVOKED: "Revoked: nobody received it",
    }.get(status.state, f"Opened {_time(status.ended_at)}".strip())


def standing(status: Status, url: str | None) -> str:
    """Write the message with a link anew, as the secret stands."""
    if not status.waiting:
        return f"{state(status)}. The link opens nothing any more."
    return f"Your link. It opens once:\n{url or ''}\n\n{state(status)}."


def password_prompt(url: str, *, protected: bool) -> str:
    """Ask for a password; the link stands here so that nothing need be kept meanwhile."""
    how = "with the password for the recipient of this link"
    if protected:
        how = (
            "with the old password in the first line and the new one in the second, "
            "or with the old one alone to have none"
        )
    return f"{PASSWORD_PROMPT} {how}. I delete both at once.\n{url}"


def listed(found: Sequence[Status]) -> str:
    """List secrets, without names or content."""
    if not found:
        return NOTHING_LISTED
    lines = [
        f"{number}. {state(status)} (shared {until(status.created_at)})"
        for number, status in enumerate(found, 1)
    ]
    return "Your secrets:\n" + "\n".join(lines)


def revoke_number(number: int) -> str:
    """Label the button that revokes one of a list."""
    return f"Revoke {number}"


def forgotten(revoked: int) -> str:
    """Say that a sender's data is gone."""
    what = "1 secret was" if revoked == 1 else f"{revoked} secrets were"
    return f"Done: {what} revoked, so are your requests, and the lists are gone."


def notice(receipt: Receipt) -> str:
    """Tell what happened, as a message of its own."""
    at = _time(datetime.fromtimestamp(receipt.at / 1000, UTC))
    return {
        Event.OPENED: f"Opened {at}.",
        Event.UNCONFIRMED: f"Opened {at}. All of it was handed out; the page never confirmed it.",
        Event.INTERRUPTED: f"Opened, and broken off {at}: not all of it may have been received.",
        Event.EXPIRED: "Expired unopened.",
        Event.REVOKED: "Revoked: nobody received it.",
        Event.HELD: (
            "Somebody with your link opens it again and again and never receives it. "
            "If that goes on, it is locked."
        ),
        Event.LOCKED: (
            "Locked after too many wrong passwords or openings that came to nothing. "
            "Nobody received it."
        ),
        Event.LOST: "Its bytes are lost on my side, so it can't be opened. Please share it again.",
    }[receipt.event]


def ended(receipt: Receipt) -> str:
    """Write what takes the place of a link that is over."""
    return f"{notice(receipt)} The link opens nothing any more."


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%H:%M} UTC"


def _from(moment: datetime) -> str:
    """Name the first full minute from this moment on."""
    return _time(moment + timedelta(minutes=1, microseconds=-1))


def _extension(error: e.ForbiddenExtension) -> str:
    ending = f".{error.extension}" if error.extension else "no ending"
    return f"Files with {ending} are not taken. Allowed: {', '.join(error.allowed)}."


def _lifetime(error: e.BadLifetime) -> str:
    return (
        f"Choose a lifetime from {show_duration(error.shortest)} to {show_duration(error.longest)}."
    )


REFUSALS: dict[type[e.OneTimeShareError], Say] = {
    e.BadInput: "I can't take that as it is. Change it, and send it again.",
    e.Malformed: lambda x: f"I could not read this: {x.what}. Check it, and send it again.",
    e.EmptyText: "That was empty. Send a text or a file.",
    e.TooLarge: lambda x: f"That is too large. Send at most {show_size(x.limit)}.",
    e.ForbiddenExtension: _extension,
    e.BadLifetime: _lifetime,
    e.BadPassword: lambda x: f"A password has at most {x.longest} bytes. Choose a shorter one.",
    e.BadLabel: lambda x: f"A name has at most {x.longest} characters. Choose a shorter one.",
    e.TooManyAsked: lambda x: (
        f"You have {x.most} links open by which something can be handed in. "
        "Revoke one of your list, and ask again."
    ),
    e.SourceFailed: "It broke off on its way to me. Nothing was kept: please send it again.",
    e.NotFound: "I know no such secret of yours. Check the link.",
    e.PasswordRequired: "It has a password. Ask its sender for it.",
    e.WrongPassword: lambda x: f"Wrong password. Check it; attempts left: {x.attempts_left}.",
    e.Locked: "It is locked after too many wrong passwords. Its sender can unlock it.",
    e.Changed: "It was changed just now. Try again.",
    e.Taken: lambda x: f"Somebody has it open. Try again in {x.retry_after} s.",
    e.Occupied: lambda x: f"Somebody is handing something in. Try again in {x.retry_after} s.",
    e.Closed: lambda x: f"This invitation takes nothing any more: {x.state}. Ask with a new one.",
    e.Gone: lambda x: f"It is gone: {x.state}. Ask its sender for a new link.",
    e.TooLate: "Too late: it was opened before, so nothing can be changed. Send a new one.",
    e.UnlockedTooOften: "It was unlocked three times already. Please share it again.",
    e.OutOfRange: lambda x: f"It ends after {show_size(x.size)}. Ask for a part before that.",
    e.Corrupt: "What is stored is damaged; nothing of it was handed out. Tell the operator.",
    e.Busy: lambda x: f"I am busy. Nothing was kept: please send it again in {x.retry_after} s.",
    e.RateLimited: lambda x: (
        f"I take at most {x.limit} an hour from one sender. Nothing was kept: please send it "
        f"again at {_from(x.again_at)}, in {show_duration(timedelta(seconds=x.retry_after))}."
    ),
    e.TooManyAtOnce: lambda x: (
        f"I take at most {x.limit} from one sender at a time. Nothing was kept: "
        "please send it again when another one has ended."
    ),
    e.Unavailable: lambda x: (
        "My storage does not answer. Nothing was kept: "
        f"please send it again in {x.retry_after} s, or tell the operator."
    ),
    e.Unfinished: "My storage went away in the middle of it. Nothing is lost: try again.",
    e.StorageFull: "My storage is full. Nothing was kept: please tell the operator.",
    e.NotSignedIn: "That is for the admin alone. Ask the operator.",
    e.WrongLogin: "User or password is wrong. Check both, and try again.",
    e.Foreign: "That came from another page. Load the page again, and try again.",
    e.Duplicate: "I have had that before. Send it anew for another link.",
    e.DoorClosed: "I can't work now. Please tell the operator.",
    e.CannotStart: "I can't work now. Please tell the operator.",
}


def refusal(error: e.OneTimeShareError) -> str:
    """Say what went wrong and what to do, by the error's class or the nearest above it."""
    kind = next((kind for kind in type(error).__mro__ if kind in REFUSALS), None)
    if kind is None:
        return FAILED
    say = REFUSALS[kind]
    return say if isinstance(say, str) else say(error)
