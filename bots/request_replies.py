"""Every sentence about asking: for a secret of somebody else, or for a way in for a large file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bots import replies
from core.invitation import Purpose, Standing
from core.language import N_, _
from core.quantities import show_size
from core.secret import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bots.deliveries import Arrival
    from core.invitation import Invitation

# ── the message that holds a request's link ─────────────────────────────────────────────────────
ASKED = N_(
    "Send this link to whoever shall hand you something. "
    "It takes one text or file, once, until {until}:\n{url}"
)
NAMED = N_("Its page says that “{label}” asks.")
NAMELESS = N_("Its page says that somebody asks. To be named there, give a name with /request.")
COMES_BACK = N_("As soon as something is handed in, its link comes back here.")
UPLOAD = N_(
    "Hand your file over on this page. "
    "It takes one file of up to {size}, once, until {until}:\n{url}"
)
TOO_LARGE_HERE = N_(
    "Files over {limit} don't reach me here. Hand yours over on a page made for it. "
    "It takes one file of up to {size}, once, until {until}:\n{url}"
)
NO_PAGE = N_("Files over {limit} don't reach me here. Send a smaller one.")
STAYS = N_("Your message stays where it is: delete it yourself when the file is handed over.")
USED = N_("This link was used, and takes nothing more.")
REVOKED = N_("Revoked: this link takes nothing any more.")
REALLY = N_("Revoke it now? Its link takes nothing afterwards.")
EXPIRED = N_("Nobody handed anything in, and the time is over: this link takes nothing any more.")

# ── where only a press, or a direct message, brings what was handed in: Discord ─────────────────
ON_A_PRESS = N_(
    "When something is handed in, this message says so, until 15 minutes after you last pressed "
    "something here; Refresh and /secrets always do. “Tell me by DM” sends you its link by itself."
)
BY_DM = N_("When something is handed in, I send you its link by DM.")
WILL_BRING = N_("I send you here the link of what is handed in for you.")
ARRIVED_HERE = N_(
    "Something was handed in. “Show link” shows you its link once, and then I keep it no more: "
    "open it, or save it, before you close Discord."
)
SENT_BY_DM = N_("Something was handed in: I sent you its link by DM. This one takes nothing more.")
SHOW_IT = N_("Show link")
HEAD_TEXT = N_("Somebody handed a text in for your request. Its link opens once:")
HEAD_FILE = N_("Somebody handed a file of {size} in for your request. Its link opens once:")
HEAD_UPLOADED = N_("Your file of {size} is handed over. Its link opens once:")

# ── what was handed in ──────────────────────────────────────────────────────────────────────────
ARRIVED_TEXT = N_(
    "Somebody handed a text in for your request. Its link opens once, until {until}:\n{url}"
)
ARRIVED_FILE = N_(
    "Somebody handed a file of {size} in for your request. "
    "Its link opens once, until {until}:\n{url}"
)
UPLOADED = N_("Your file of {size} is handed over. Its link opens once, until {until}:\n{url}")
WHO = N_("Whoever had the request's link could do that: I can't tell who it was.")
ASK_PASSWORD = N_("It has a password: ask whoever handed it in.")
TELL_PASSWORD = N_("Tell the password some other way than the link.")
TOO_LATE = N_("Something was handed in here, and ended before I could bring it: {state}.")

# ── the list ────────────────────────────────────────────────────────────────────────────────────
WAITING = N_("You wait for something to be handed in:")
LISTED_REQUEST = N_("{number}. A request, open until {until}")
LISTED_UPLOAD = N_("{number}. A page for your file, open until {until}")
LISTED_OCCUPIED = N_("{number}. Something is being handed in just now")
LISTED_ARRIVED = N_("{number}. Something was handed in, and I could not bring its link to you")
NOTHING_WAITS = N_("Nothing waits to be handed in any more.")
SHOW = N_("Show link {number}")
SURE = N_("Yes, revoke it")


def asked(url: str, until: str, label: str) -> str:
    """Hand a request's link over; `label` as its page shows it, empty where it names nobody."""
    named = _(NAMED).format(label=label) if label else _(NAMELESS)
    return "\n".join([_(ASKED).format(url=url, until=until), named])


def upload(url: str, until: str, size: int) -> str:
    """Hand over the link of a page that takes a large file."""
    return _(UPLOAD).format(url=url, until=until, size=show_size(size))


def too_large_here(url: str, until: str, size: int, limit: int) -> str:
    """Hand it over where a file was too large for the chat."""
    sizes = {"size": show_size(size), "limit": show_size(limit)}
    return "\n".join([_(TOO_LARGE_HERE).format(url=url, until=until, **sizes), _(STAYS)])


def no_page(limit: int) -> str:
    """Refuse it where no page takes it."""
    return _(NO_PAGE).format(limit=show_size(limit))


def over(standing: Standing) -> str:
    """Write what takes the place of a request's link that takes nothing more."""
    return _({Standing.REVOKED: REVOKED, Standing.EXPIRED: EXPIRED}.get(standing, USED))


def arrived(arrival: Arrival, url: str, until: str) -> str:
    """Hand over the link of what was handed in, or say that it came to nothing."""
    if not arrival.status.waiting:
        return too_late(arrival)
    said = {"url": url, "until": until, "size": show_size(arrival.size)}
    if arrival.purpose is Purpose.UPLOAD:
        lines, password = [_(UPLOADED).format(**said)], TELL_PASSWORD
    else:
        sentence = ARRIVED_TEXT if arrival.kind is Kind.TEXT else ARRIVED_FILE
        lines, password = [_(sentence).format(**said), _(WHO)], ASK_PASSWORD
    if arrival.status.protected:
        lines.append(_(password))
    return "\n".join(lines)


def head(arrival: Arrival) -> str:
    """Say what was handed in, in a line of its own above its link."""
    if arrival.purpose is Purpose.UPLOAD:
        return _(HEAD_UPLOADED).format(size=show_size(arrival.size))
    sentence = HEAD_TEXT if arrival.kind is Kind.TEXT else HEAD_FILE
    return _(sentence).format(size=show_size(arrival.size))


def note(arrival: Arrival) -> str:
    """Say what whoever asked should know of it."""
    if arrival.purpose is Purpose.UPLOAD:
        return ""
    return f"{_(WHO)} {_(ASK_PASSWORD)}" if arrival.status.protected else _(WHO)


def too_late(arrival: Arrival) -> str:
    """Say that what was handed in came to nothing."""
    return _(TOO_LATE).format(state=replies.state(arrival.status))


def waiting(found: Sequence[Invitation], until: Callable[[datetime], str]) -> str:
    """List what waits to be handed in, or to be fetched; `until` writes a moment."""
    if not found:
        return _(NOTHING_WAITS)
    lines = (_listed(number, one, until(one.expires_at)) for number, one in enumerate(found, 1))
    return "\n".join([_(WAITING), *lines])


def _listed(number: int, one: Invitation, until: str) -> str:
    if one.arrived:
        return _(LISTED_ARRIVED).format(number=number)
    if one.standing is Standing.OCCUPIED:
        return _(LISTED_OCCUPIED).format(number=number)
    line = LISTED_UPLOAD if one.asking.purpose is Purpose.UPLOAD else LISTED_REQUEST
    return _(line).format(number=number, until=until)
