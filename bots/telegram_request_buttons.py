"""The buttons under a request's link in Telegram, and under the list of those that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit

from bots import replies, request_replies
from core.errors import Malformed
from core.invitation import InvitationId, Purpose
from core.language import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.invitation import Invitation

OURS = "ask:"  # what every press of ours begins with
REVOKE, SURE, KEEP = "r", "R", "k"
LISTED, LISTED_SURE, LISTED_KEEP, SHOW = "l", "L", "K", "s"
ACTIONS = {REVOKE, SURE, KEEP, LISTED, LISTED_SURE, LISTED_KEEP, SHOW}


def read(text: str) -> tuple[str, InvitationId]:
    """Read what a press says.

    Raises:
        Malformed: no button of ours says that.
    """
    action, _, name = text.removeprefix(OURS).partition(":")
    if action not in ACTIONS:
        raise Malformed("button")
    return action, InvitationId.parse(name)


def under_request(name: InvitationId, url: str | None, purpose: Purpose) -> InlineKeyboardMarkup:
    """Offer to revoke it, and to copy a link that is for somebody else."""
    rows = [[_button(_(replies.REVOKE), REVOKE, name)]]
    longest = InlineKeyboardButtonLimit.MAX_COPY_TEXT
    if purpose is Purpose.REQUEST and url is not None and len(url) <= longest:
        rows.insert(0, [InlineKeyboardButton(_(replies.COPY), copy_text=CopyTextButton(url))])
    return InlineKeyboardMarkup(rows)


def confirm(name: InvitationId, sure: str, keep: str) -> InlineKeyboardMarkup:
    """Ask whether it is meant."""
    yes = _button(_(request_replies.SURE), sure, name)
    return InlineKeyboardMarkup([[yes, _button(_(replies.KEEP), keep, name)]])


def under_list(listed: Sequence[Invitation]) -> InlineKeyboardMarkup | None:
    """Offer what can be done about each, by its number."""
    buttons = [
        _button(_(request_replies.SHOW).format(number=number), SHOW, one.id)
        if one.arrived
        else _button(replies.revoke_number(number), LISTED, one.id)
        for number, one in enumerate(listed, 1)
    ]
    rows = [buttons[start : start + 3] for start in range(0, len(buttons), 3)]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(text: str, action: str, name: InvitationId) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=f"{OURS}{action}:{name}")
