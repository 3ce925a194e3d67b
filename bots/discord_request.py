"""What the messages about a request say on Discord: its link, its end, and what it brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from discord.utils import escape_markdown, format_dt

from bots import request_replies
from bots.discord_reply import Reply
from bots.discord_request_buttons import to_show, under_list, under_request
from core.invitation import Purpose
from core.invitations import NOBODY
from core.language import _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bots.deliveries import Arrival
    from core.invitation import Invitation, InvitationId
    from core.policy import Policy


def shown(
    one: Invitation, url: str | None, policy: Policy, note: str = "", *, sure: bool = True
) -> dict[str, Any]:
    """Write the message that holds a request's link as it stands; `url` is in the message alone."""
    if one.arrived:
        return arrived(one.id)
    if not one.open:
        return {"content": request_replies.over(one.standing), "view": None}
    told = _(request_replies.BY_DM) if one.asking.ref.chat else _(request_replies.ON_A_PRESS)
    lines = [_link(one, url, policy) if url else "", told, note]
    content = "\n".join(line for line in lines if line)
    return {"content": content, "view": under_request(one, sure=sure)}


def arrived(name: InvitationId) -> dict[str, Any]:
    """Say that a link waits until whoever asked presses: only then it is sure to be seen."""
    return {"content": _(request_replies.ARRIVED_HERE), "view": to_show(name)}


def brought(arrival: Arrival, policy: Policy, *, tells: bool | None) -> dict[str, Any]:
    """Write the message that holds the link of what was handed in; `tells` as `Reply` has it."""
    if not arrival.status.waiting:
        return {"content": request_replies.too_late(arrival)}
    reply = Reply(request_replies.head(arrival), arrival.url, tells)
    return reply.shown(arrival.status, policy, request_replies.note(arrival))


def listed(found: Sequence[Invitation]) -> dict[str, Any]:
    """Write the list of what waits."""
    view = under_list(found) if found else None
    return {"content": request_replies.waiting(found, _moment), "view": view}


def _link(one: Invitation, url: str, policy: Policy) -> str:
    until = _moment(one.expires_at)
    if one.asking.purpose is Purpose.UPLOAD:
        return request_replies.upload(f"<{url}>", until, policy.max_size)
    label = "" if one.asking.label == NOBODY else escape_markdown(one.asking.label)
    return request_replies.asked(f"<{url}>", until, label)


def _moment(moment: datetime) -> str:
    return format_dt(moment, "f")
