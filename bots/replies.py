"""Every sentence that a person reads in a chat."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.language import N_, _, ngettext
from core.quantities import show_duration
from core.receipts import Event
from core.secret import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bots.share import Shared
    from core.receipts import Receipt
    from core.secret import Status

COPY = N_("Copy link")
OPEN_PRIVATE = N_("Share in private")
YOUR_FILE = N_("Your link for your file. It opens once, until {until}:")
YOUR_TEXT = N_("Your link for your text. It opens once, until {until}:")
YOUR_FILES = N_("Your link for your files, together in one zip. It opens once, until {until}:")
DELETED = N_("Your message is deleted.")
NOT_DELETED = N_("I could not delete your message: please delete it yourself.")
DELETE_IT = N_("Now delete your message above: bots can't do it here. Better use /share next time.")
NO_TEXT_NO_FILE = N_("There was neither a text nor a file. Give one of them.")
UNSUPPORTED = N_(
    "I can't take this kind of message. Send a text, a file, a photo, audio, video, "
    "a contact or a place."
)
IN_GROUPS = N_("Not here: everybody in this group would see it. Share with me in private.")
TRUTH = N_(
    "The chat and this service see what you share while you hand it in. "
    "What I store can't be opened without the link, and I don't keep the link."
)
FAILED = N_("Something went wrong on my side: please send it again.")
PRESS_FAILED = N_("Something went wrong on my side: please press again.")
OLD_BUTTON = N_("This button does nothing any more.")
UNLOCK = N_("Unlock")
UNLOCKED = N_("Unlocked: all attempts are back.")
REVOKE = N_("Revoke")
SURE = N_("Yes, destroy it")
KEEP = N_("No, keep it")
PASSWORD = N_("Password")
PASSWORD_SET = N_("The password is set; the link stays. Tell it some other way.")
PASSWORD_GONE = N_("The password is gone; the link stays the same.")
PASSWORD_STAYS = N_("I could not delete your message with the password: please delete it yourself.")
REVOKE_IT = N_("Destroy what this link opens? Nobody can open it afterwards.")
NO_LINK_HERE = N_("I don't find the link in this message, and I keep none: share it again.")
FORGET = N_("Yes, destroy everything")
FORGET_ALL = N_(
    "This revokes every secret of yours that nobody opened yet, and every request that nobody "
    "answered, and drops the lists of them. "
    "What ended before goes by itself within 24 hours."
)
NOTHING_LISTED = N_(
    "You have no secrets here: none is waiting, and none ended in the last 24 hours."
)
EDITED = N_("I shared your message as it was first. To share the new version, send it again.")
NO_LOGIN = N_("Do not enter your Discord login.")
TELEGRAM_COMMANDS = {
    "start": N_("How it works"),
    "help": N_("What is possible, and what is true"),
    "list": N_("Your secrets: how they stand, revoke"),
    "request": N_("Ask somebody for a text or a file"),
    "upload": N_("Hand in a file that is too large for the chat"),
    "revoke": N_("Destroy one: answer its link with this"),
    "delete_my_data": N_("Revoke everything and forget you"),
    "privacy": N_("What is kept, and how long"),
}
# Its first sign, in whatever language: so a prompt is known again when it is answered.
PROMPT = "🔑"
MORE = N_("/help tells more.")
PRIVACY_MORE = N_("/privacy says what is kept.")
TELL_PASSWORD = N_("Tell the password some other way than the link.")
REPLACES = N_("It replaces an earlier link for the same message, which opens nothing.")


def welcome(lifetime: str) -> str:
    """Greet, and say what to do."""
    greeting = _(
        "Send me a text or a file. I answer with a link that opens exactly once, "
        "and delete your message. Unopened, it is destroyed after {lifetime}."
    )
    return "\n\n".join([greeting.format(lifetime=lifetime), _(TRUTH), _(MORE)])


def telegram_help(lifetime: str, limit: str, *, uploads: bool) -> str:
    """Say what is possible and what is true; `uploads`: pages take larger files."""
    lines = [
        _("Send a text, file, photo, video, audio or voice message: you get a link."),
        _("It opens once, and is destroyed unopened after {lifetime}, or when you choose."),
        _("I tell you when it was opened. /list shows all of yours; each can be revoked."),
        _(
            "/request gives a link by which somebody else can hand you one text or file. "
            "Of that alone I keep the link, sealed, until I brought it to you."
        ),
        _("Files have at most {limit}."),
        *([_("For a larger one I give you a page that takes it once; so does /upload.")] * uploads),
        _("An album becomes one link to a zip; a caption is message.txt in it."),
        _("Link previews open nothing. Whoever has the link can open it: pass it on with care."),
    ]
    listed = "\n".join(f"• {line}" for line in lines).format(lifetime=lifetime, limit=limit)
    return "\n\n".join([listed, _(TRUTH), _(PRIVACY_MORE)])


def privacy(page: str) -> str:
    """Say what is kept."""
    return _(
        "I keep what you share sealed, without a key that opens it, until it is opened, revoked or "
        "its time is over; then a note of state and times for 24 hours. You are kept as a keyed "
        "hash, which names nobody. A link by which something is handed in holds the name that its "
        "page shows, sealed, until a day after it is over; and what is handed in has its own link "
        "kept, sealed, until I brought it to you, for a day at most. "
        "Logs hold no content, names, keys or links. More: {page}"
    ).format(page=page)


def until(moment: datetime) -> str:
    """Name a moment."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def clock(moment: datetime) -> str:
    """Name a time of day."""
    return f"{moment:%H:%M} UTC"


def sealed(shared: Shared, what: str) -> str:
    """Hand the link over; `what` is one of the sentences for what was shared."""
    lines = [_(what).format(until=until(shared.expires_at)), shared.url]
    if shared.protected:
        lines.append(_(TELL_PASSWORD))
    if shared.replaced:
        lines.append(_(REPLACES))
    return "\n".join(lines)


STATES = {
    State.READY: N_("Waiting, expires in {left}"),
    State.CLAIMED: N_("Somebody is about to open it"),
    State.LOCKED: N_("Locked after too many wrong passwords or openings that came to nothing"),
    State.EXPIRED: N_("Expired unopened"),
    State.REVOKED: N_("Revoked: nobody received it"),
}


def state(status: Status) -> str:
    """Say how a secret stands."""
    if status.state in STATES:
        left = show_duration(status.expires_at - datetime.now(UTC))
        return _(STATES[status.state]).format(left=left)
    if status.ended_at is None:
        return _("Opened")
    return _("Opened {time}").format(time=clock(status.ended_at))


def standing(status: Status, url: str | None) -> str:
    """Write the message with a link anew, as the secret stands."""
    if not status.waiting:
        return _("{state}. The link opens nothing any more.").format(state=state(status))
    return _("Your link. It opens once:\n{url}\n\n{state}.").format(
        url=url or "", state=state(status)
    )


def password_prompt(url: str, *, protected: bool) -> str:
    """Ask for a password; the link stands here so that nothing need be kept meanwhile."""
    sentence = _(
        "Reply to this message with the password for the recipient of this link. "
        "I delete both at once."
    )
    if protected:
        sentence = _(
            "Reply to this message with the old password in the first line and the new one in the "
            "second, or with the old one alone to have none. I delete both at once."
        )
    return f"{PROMPT} {sentence}\n{url}"


def listed(found: Sequence[Status]) -> str:
    """List secrets, without names or content."""
    if not found:
        return _(NOTHING_LISTED)
    line = _("{number}. {state} (shared {time})")
    lines = [
        line.format(number=number, state=state(status), time=until(status.created_at))
        for number, status in enumerate(found, 1)
    ]
    return "\n".join([_("Your secrets:"), *lines])


def revoke_number(number: int) -> str:
    """Label the button that revokes one of a list."""
    return _("Revoke {number}").format(number=number)


def forgotten(revoked: int) -> str:
    """Say that a sender's data is gone."""
    return ngettext(
        "Done: {count} secret was revoked, so are your requests, and the lists are gone.",
        "Done: {count} secrets were revoked, so are your requests, and the lists are gone.",
        revoked,
    ).format(count=revoked)


NOTICES = {
    Event.OPENED: N_("Opened {time}."),
    Event.UNCONFIRMED: N_("Opened {time}. All was handed out; the page never confirmed it."),
    Event.INTERRUPTED: N_("Opened, and broken off {time}: perhaps not all of it was received."),
    Event.EXPIRED: N_("Expired unopened."),
    Event.REVOKED: N_("Revoked: nobody received it."),
    Event.WITHDRAWN: N_("The operator of this service destroyed it. Nobody received it."),
    Event.HELD: N_(
        "Somebody with your link opens it again and again and never receives it. "
        "If that goes on, it is locked."
    ),
    Event.LOCKED: N_(
        "Locked after too many wrong passwords or openings that came to nothing. "
        "Nobody received it."
    ),
    Event.LOST: N_("Its bytes are lost on my side, so it can't be opened. Please share it again."),
}


def notice(receipt: Receipt) -> str:
    """Tell what happened, as a message of its own."""
    at = datetime.fromtimestamp(receipt.at / 1000, UTC)
    return _(NOTICES[receipt.event]).format(time=clock(at))


def ended(receipt: Receipt) -> str:
    """Write what takes the place of a link that is over."""
    over = _("The link opens nothing any more.")
    return f"{notice(receipt)} {over}"
