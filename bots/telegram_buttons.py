"""The buttons under a link in Telegram. What a press says is an action and an id: never a key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit

from bots import replies
from core.errors import Malformed
from core.language import _
from core.link import SecretId
from core.quantities import parse_duration, show_duration
from core.secret import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from core.policy import Policy
    from core.secret import Status

LIFETIMES = ("5m", "1h", "5h", "1d", "7d")
# Actions, one letter each: callback data holds 64 bytes, an id 22 of them.
LIFETIME, REVOKE, SURE, KEEP, UNLOCK, PASSWORD = "t", "r", "R", "k", "u", "p"
LISTED, LISTED_SURE, FORGET_SURE = "l", "L", "D"
ACTIONS = {LIFETIME, REVOKE, SURE, KEEP, UNLOCK, PASSWORD, LISTED, LISTED_SURE, FORGET_SURE}
CHOSEN = "✓ "  # before the lifetime that was chosen last
VALUE = re.compile(r"[0-9]{0,8}")  # a lifetime in seconds, or nothing
NOBODY = SecretId(bytes(16))  # in the place of an id where a button is about none


def data(action: str, secret_id: SecretId, value: str = "") -> str:
    """Write what a button says when it is pressed."""
    return f"{action}:{secret_id}:{value}"


def read(text: str) -> tuple[str, SecretId, str]:
    """Read what a press says.

    Raises:
        Malformed: no button of ours says that.
    """
    action, _, rest = text.partition(":")
    name, _, value = rest.partition(":")
    if action not in ACTIONS or not VALUE.fullmatch(value) or (action == LIFETIME and not value):
        raise Malformed("button")
    return action, SecretId.parse(name), value


def chosen(markup: InlineKeyboardMarkup | None) -> str:
    """Find the lifetime, in seconds, that buttons show or carry as chosen; none is ""."""
    for button in (one for row in (markup.inline_keyboard if markup else ()) for one in row):
        action, _, rest = str(button.callback_data or "").partition(":")
        if action in {KEEP, UNLOCK} or (action == LIFETIME and button.text.startswith(CHOSEN)):
            return rest.partition(":")[2]
    return ""


def under_link(
    status: Status, policy: Policy, url: str | None, lifetime: str = ""
) -> InlineKeyboardMarkup | None:
    """Offer what a sender may do now.

    `url` where the message shows it, to be copied; `lifetime`, in seconds, is the chosen one.
    """
    if not status.waiting:
        return None
    rows = []
    if url is not None and len(url) <= InlineKeyboardButtonLimit.MAX_COPY_TEXT:
        rows.append([InlineKeyboardButton(_(replies.COPY), copy_text=CopyTextButton(url))])
    if status.state is State.LOCKED:
        rows.append([unlock(status.id, lifetime)])
    else:
        wishes = [w for w in map(parse_duration, LIFETIMES) if w <= policy.max_lifetime]
        rows.append([_lifetime(status.id, wish, lifetime) for wish in wishes])
    last = [_button(_(replies.REVOKE), REVOKE, status.id)]
    if url is not None:
        last.insert(0, _button(_(replies.PASSWORD), PASSWORD, status.id))
    return InlineKeyboardMarkup([*rows, last])


def _lifetime(secret_id: SecretId, wish: timedelta, lifetime: str) -> InlineKeyboardButton:
    seconds = str(round(wish.total_seconds()))
    mark = CHOSEN if seconds == lifetime else ""
    return _button(mark + show_duration(wish), LIFETIME, secret_id, seconds)


def unlock(secret_id: SecretId, lifetime: str = "") -> InlineKeyboardButton:
    """Offer to unlock; the chosen lifetime rides along."""
    return _button(_(replies.UNLOCK), UNLOCK, secret_id, lifetime)


def forget() -> InlineKeyboardMarkup:
    """Ask whether everything shall go."""
    return InlineKeyboardMarkup([[_button(_(replies.FORGET), FORGET_SURE, NOBODY)]])


def confirm(secret_id: SecretId, sure: str = SURE, lifetime: str = "") -> InlineKeyboardMarkup:
    """Ask whether it is meant: what is revoked can't be brought back."""
    yes = _button(_(replies.SURE), sure, secret_id)
    return InlineKeyboardMarkup([[yes, _button(_(replies.KEEP), KEEP, secret_id, lifetime)]])


def under_list(listed: Sequence[Status]) -> InlineKeyboardMarkup | None:
    """Offer to revoke each that waits, by its number."""
    buttons = [
        _button(replies.revoke_number(number), LISTED, status.id)
        for number, status in enumerate(listed, 1)
        if status.waiting
    ]
    rows = [buttons[start : start + 3] for start in range(0, len(buttons), 3)]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(text: str, action: str, secret_id: SecretId, value: str = "") -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=data(action, secret_id, value))
