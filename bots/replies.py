"""Every sentence that a person reads in a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from core import errors as e
from core.quantities import show_duration, show_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bots.share import Shared

Say: TypeAlias = "str | Callable[[Any], str]"

COPY = "Copy link"
OPEN_PRIVATE = "Share in private"
YOUR_FILE = "your file"
YOUR_TEXT = "your text"
YOUR_CAPTION = "your caption"
DELETED = "Your message is deleted."
LEFT = "I left your message where it is, since not all of it could be shared."
NOT_DELETED = "I could not delete your message: please delete it yourself."
DELETE_IT = "Now delete your message above: bots can't do it here. Better use /share next time."
NO_TEXT_NO_FILE = "There was neither a text nor a file. Give one of them."
UNSUPPORTED = "I can't take this kind of message. Send a text, a file, a photo, audio or video."
IN_GROUPS = "Not here: everybody in this group would see it. Share with me in private."
TRUTH = (
    "The chat and this service see what you share while you hand it in. "
    "What I store can't be opened without the link, and I don't keep the link."
)
FAILED = "Something went wrong on my side: please send it again."
NO_LOGIN = "Do not enter your Discord login."
TELEGRAM_COMMANDS = {
    "start": "How it works",
    "help": "What is possible, and what is true",
    "privacy": "What is kept, and how long",
}


def welcome(lifetime: str) -> str:
    """Greet, and say what to do."""
    return (
        "Send me a text or a file. I answer with a link that opens exactly once, "
        f"and delete your message. Unopened, it is destroyed after {lifetime}.\n\n"
        f"{TRUTH}\n\n/help tells more."
    )


def telegram_help(lifetime: str, limit: str, page: str | None) -> str:
    """Say what is possible and what is true; `page` takes larger files, where there is one."""
    larger = f"; larger ones go through {page}" if page else ""
    return (
        "• Send a text, file, photo, video, audio or voice message: you get a link.\n"
        f"• It opens once, and is destroyed unopened after {lifetime}.\n"
        f"• Files have at most {limit}{larger}.\n"
        "• A caption becomes a link of its own, and so does each picture of an album.\n"
        "• Link previews open nothing. Whoever has the link can open it: pass it on with care.\n\n"
        f"{TRUTH}\n\n/privacy says what is kept."
    )


def discord_help(lifetime: str, limit: str) -> str:
    """Say what is possible and what is true."""
    return (
        "**/share** opens a form for a text, a file and a password; **/share file:** takes a file "
        "at once. You get a link that opens exactly once, and only you see my answer.\n"
        f"Unopened, it is destroyed after {lifetime}, or when you choose. "
        f"Files have at most {limit}.\n"
        "Link previews open nothing. Whoever has the link can open it: pass it on with care.\n"
        f"{TRUTH}\n{NO_LOGIN} **/privacy** says what is kept."
    )


def privacy(page: str) -> str:
    """Say what is kept."""
    return (
        "I keep what you share sealed, without a key that opens it, until it is opened, revoked or "
        "its time is over; then a note of state and times for 24 hours. You are kept as a keyed "
        f"hash, which names nobody. Logs hold no content, names, keys or links. More: {page}"
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


def too_large_for_chat(limit: int, page: str | None) -> str:
    """Show the way for what a platform does not let through; `page` is where files are taken."""
    way = f"Share it on the web page: {page}" if page else "Send a smaller one."
    return f"Files over {show_size(limit)} don't reach me here. {way}"


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
    e.SourceFailed: "It broke off on its way to me. Nothing was kept: please send it again.",
    e.NotFound: "I know no such secret of yours. Check the link.",
    e.PasswordRequired: "It has a password. Ask its sender for it.",
    e.WrongPassword: lambda x: f"Wrong password. Check it; attempts left: {x.attempts_left}.",
    e.Locked: "It is locked after too many wrong passwords. Ask its sender to share it again.",
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
    e.Unavailable: lambda x: (
        "My storage does not answer. Nothing was kept: "
        f"please send it again in {x.retry_after} s, or tell the operator."
    ),
    e.StorageFull: "My storage is full. Nothing was kept: please tell the operator.",
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
