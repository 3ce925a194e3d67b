"""Buttons and menus that survive restarts: what they do, and to which secret, is in their id.

An id is `ots:<action>` or `ots:<action>:<secret's id>`, which is harmless alone: whoever presses
must be the secret's sender, and the key comes from the message, never from here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import discord
from discord import ui

from bots import discord_replies as replies
from bots.discord_view import Buttons
from core.language import _
from core.link import SecretId
from core.policy import SHORTEST_LIFETIME
from core.quantities import parse_duration, show_duration
from core.secret import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from bots.discord_door import DiscordDoor
    from core.policy import Policy
    from core.secret import Status

LAST_ROW = 2
LIFETIMES = ("5m", "1h", "5h", "1d", "7d")
ID = r"ots:(?P<action>[a-z]+)(?::(?P<id>[\w-]{22}))?"
MENU_ID = r"ots-menu:(?P<action>[a-z]+)(?::(?P<id>[\w-]{22}))?"

_ID = re.compile(ID)


class Press(ui.DynamicItem[ui.Button[ui.View]], template=ID):
    """A button."""

    def __init__(
        self,
        action: str,
        secret_id: SecretId | None,
        label: str = "",
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        row: int | None = None,
    ) -> None:
        name = f"ots:{action}" if secret_id is None else f"ots:{action}:{secret_id}"
        super().__init__(ui.Button(label=label or action, style=style, custom_id=name, row=row))
        self._action = action
        self._secret_id = secret_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Press:
        """Find out what was pressed."""
        return cls(match["action"], _secret_id(match))

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it."""
        door = cast("DiscordDoor", interaction.client)
        await door.pressed(interaction, self._action, self._secret_id)


class Choice(ui.DynamicItem[ui.Select[ui.View]], template=MENU_ID):
    """A menu."""

    def __init__(
        self,
        action: str,
        secret_id: SecretId | None,
        label: str,
        options: Sequence[discord.SelectOption],
    ) -> None:
        name = f"ots-menu:{action}" if secret_id is None else f"ots-menu:{action}:{secret_id}"
        super().__init__(ui.Select(custom_id=name, placeholder=label, options=list(options)))
        self._action = action
        self._secret_id = secret_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Choice:
        """Find out what was chosen in."""
        options = cast("ui.Select[ui.View]", item).options
        return cls(match["action"], _secret_id(match), "", options)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Do it."""
        door = cast("DiscordDoor", interaction.client)
        chosen = self.item.values[0]
        await door.pressed(interaction, self._action, self._secret_id, chosen)


def _secret_id(match: re.Match[str]) -> SecretId | None:
    return None if match["id"] is None else SecretId.parse(match["id"])


def actions_on(message: discord.Message) -> set[str]:
    """List what the buttons of a message do."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    names = [item.custom_id or "" for row in rows for item in row.children]
    return {match["action"] for match in map(_ID.fullmatch, names) if match}


def lifetimes(policy: Policy) -> list[timedelta]:
    """List what may be chosen."""
    wishes = map(parse_duration, LIFETIMES)
    return [wish for wish in wishes if SHORTEST_LIFETIME <= wish <= policy.max_lifetime]


def _lifetime_options(policy: Policy) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(label=show_duration(wish), value=str(round(wish.total_seconds())))
        for wish in lifetimes(policy)
    ]


def controls(status: Status, policy: Policy, *, tells: bool | None, sure: bool = True) -> ui.View:
    """Offer what can be done about a secret that waits; without `sure`, ask that first."""
    view = Buttons()
    one, locked = status.id, status.state is State.LOCKED
    danger, primary = discord.ButtonStyle.danger, discord.ButtonStyle.primary
    if options := _lifetime_options(policy):
        view.add_item(Choice("lifetime", one, _(replies.LIFETIME), options))
    if locked and status.unlocks_left:
        view.add_item(Press("unlock", one, _(replies.UNLOCK), primary))
    if tells is not None and not locked:
        view.add_item(Press("post", one, _(replies.POST), primary))
    view.add_item(Press("password", one, _(replies.PASSWORD)))
    if tells is not None:
        action, label = ("quiet", _(replies.TELL_ME_NOT)) if tells else ("tell", _(replies.TELL_ME))
        view.add_item(Press(action, one, label))
    view.add_item(Press("refresh", one, _(replies.REFRESH)))
    if sure:
        view.add_item(Press("revoke", one, _(replies.REVOKE), danger))
    else:
        view.add_item(Press("burn", one, _(replies.REVOKE_NOW), danger, row=LAST_ROW))
        view.add_item(Press("keep", one, _(replies.KEEP), row=LAST_ROW))
    return view


def confirm(yes: Press, no: Press) -> ui.View:
    """Ask before something that nobody can undo."""
    view = Buttons()
    view.add_item(yes)
    view.add_item(no)
    return view
