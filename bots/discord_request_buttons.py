"""The buttons below a request's link on Discord, and below the list of those that wait.

An id is `ots-request:<action>:<request's id>`, which is harmless alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import discord
from discord import ui

from bots import discord_replies as words
from bots import replies, request_replies
from bots.discord_view import Buttons
from core.invitation import InvitationId
from core.language import _

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from bots.discord_door import DiscordDoor
    from core.invitation import Invitation

LAST_ROW = 1


class RequestPress(
    ui.DynamicItem[ui.Button[ui.View]], template=r"ots-request:(?P<action>[a-z]+):(?P<id>[\w-]{22})"
):
    """A button, which survives restarts: what it does, and to which request, is in its id."""

    def __init__(
        self,
        action: str,
        name: InvitationId,
        label: str = "",
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        row: int | None = None,
    ) -> None:
        custom_id = f"ots-request:{action}:{name}"
        super().__init__(
            ui.Button(label=label or action, style=style, custom_id=custom_id, row=row)
        )
        self._action = action
        self._name = name

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> RequestPress:
        """Find out what was pressed."""
        return cls(match["action"], InvitationId.parse(match["id"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it."""
        door = cast("DiscordDoor", interaction.client)
        await door.request_pressed(interaction, self._action, self._name)


def under_request(one: Invitation, *, sure: bool) -> ui.View:
    """Offer what can be done about a request that is open; without `sure`, ask that first."""
    view = Buttons()
    danger = discord.ButtonStyle.danger
    if one.asking.ref.chat:
        view.add_item(RequestPress("quiet", one.id, _(words.TELL_ME_NOT)))
    else:
        view.add_item(RequestPress("tell", one.id, _(words.TELL_ME)))
    view.add_item(RequestPress("refresh", one.id, _(words.REFRESH)))
    if sure:
        view.add_item(RequestPress("revoke", one.id, _(words.REVOKE), danger))
    else:
        view.add_item(RequestPress("burn", one.id, _(request_replies.SURE), danger, row=LAST_ROW))
        view.add_item(RequestPress("keep", one.id, _(words.KEEP), row=LAST_ROW))
    return view


def to_show(name: InvitationId) -> ui.View:
    """Offer to show the link of what was handed in."""
    view = Buttons()
    primary = discord.ButtonStyle.primary
    view.add_item(RequestPress("show", name, _(request_replies.SHOW_IT), primary))
    return view


def under_list(listed: Sequence[Invitation]) -> ui.View:
    """Offer what can be done about each, by its number."""
    view = Buttons()
    for number, one in enumerate(listed, 1):
        if one.arrived:
            label = _(request_replies.SHOW).format(number=number)
            view.add_item(RequestPress("fetch", one.id, label, discord.ButtonStyle.primary))
        else:
            view.add_item(RequestPress("drop", one.id, replies.revoke_number(number)))
    return view


def confirm_in_list(name: InvitationId) -> ui.View:
    """Ask whether it is meant."""
    view = Buttons()
    danger = discord.ButtonStyle.danger
    view.add_item(RequestPress("dropnow", name, _(request_replies.SURE), danger))
    view.add_item(RequestPress("list", name, _(words.KEEP)))
    return view
