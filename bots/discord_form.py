"""The forms: of /share, and of a password.

What a form is about is in its id, and the platform brings back all that was filled in: so it
survives a restart meanwhile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import discord
from discord import ui

from bots import discord_replies as words
from bots import replies
from bots.discord_buttons import lifetimes
from bots.discord_messages import Attached
from core.language import _
from core.quantities import show_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from core.policy import Policy
    from core.secret import Status

LONGEST_TEXT = 4000  # characters that a modal's field holds
LONGEST_PASSWORD = 200
LONGEST_HINT = 100
MOST_FILES = 10
SHARE = "ots:share"
PASSWORD = re.compile(r"ots:password:([\w-]{22})")


class ShareForm(ui.Modal):
    """Nothing in it can be invalid but all of it empty: no form may answer a form."""

    def __init__(self, policy: Policy, lifetime: timedelta | None) -> None:
        super().__init__(title=_(words.SHARE_ONCE), timeout=None, custom_id=SHARE)
        long = discord.TextStyle.paragraph
        text: ui.TextInput[ShareForm] = ui.TextInput(
            custom_id="text", style=long, required=False, max_length=LONGEST_TEXT
        )
        self.add_item(ui.Label(text=_(words.A_TEXT), component=text))
        file: ui.FileUpload[ShareForm] = ui.FileUpload(
            custom_id="file", required=False, min_values=0, max_values=MOST_FILES
        )
        self.add_item(ui.Label(text=_(words.FILES), description=_(words.ONE_ZIP), component=file))
        self.add_item(
            ui.Label(
                text=_(words.PASSWORD_TITLE),
                description=_fitted(_(words.PASSWORD_OPTIONAL), _(replies.NO_LOGIN)),
                component=_password("password"),
            )
        )
        choice = _lifetimes(policy, policy.default_lifetime if lifetime is None else lifetime)
        self.add_item(ui.Label(text=_(words.DESTROYED_AFTER), component=choice))
        self.stop()  # the door takes what is sent, also after a restart: nothing waits for it here


def _lifetimes(policy: Policy, chosen: timedelta) -> ui.RadioGroup[ShareForm]:
    group: ui.RadioGroup[ShareForm] = ui.RadioGroup(custom_id="lifetime", required=True)
    for wish in sorted({*lifetimes(policy), chosen}):
        group.add_option(
            label=show_duration(wish),
            value=str(round(wish.total_seconds())),
            default=wish == chosen,
        )
    return group


def _fitted(*sentences: str) -> str:
    """Write as many of these as fit below a field, in whatever language, the first ones first."""
    said = ""
    for sentence in sentences:
        longer = f"{said} {sentence}".strip()
        said = longer if len(longer) <= LONGEST_HINT else said
    return said


def _password(name: str, *, required: bool = False) -> ui.TextInput[Any]:
    return ui.TextInput(custom_id=name, required=required, max_length=LONGEST_PASSWORD)


class PasswordForm(ui.Modal):
    """Asks for another password, and for the one of now, where there is one."""

    def __init__(self, status: Status) -> None:
        name = f"ots:password:{status.id}"
        super().__init__(title=_(words.PASSWORD_TITLE), timeout=None, custom_id=name)
        empty = [_(words.EMPTY_FOR_NONE)] * status.protected
        hint = _fitted(*empty, _(replies.NO_LOGIN), _(words.NEW_PASSWORD_HINT))
        new = _password("new", required=not status.protected)
        label = ui.Label(text=_(words.NEW_PASSWORD), description=hint, component=new)
        self.add_item(label)
        if status.protected:
            old = _password("old", required=True)
            self.add_item(ui.Label(text=_(words.OLD_PASSWORD), component=old))
        self.stop()  # as above


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody filled in, by the names of the fields; an empty field has no value."""

    values: dict[str, str] = field(repr=False)
    files: list[Attached]

    @classmethod
    def read(cls, interaction: discord.Interaction) -> Filled:
        """Read a form that was sent."""
        data = cast("dict[str, Any]", interaction.data)
        fields = list(_fields(data["components"]))
        known = data.get("resolved", {}).get("attachments", {})
        files = [Attached.read(known[one]) for part in fields for one in part.get("values") or ()]
        values = {part["custom_id"]: part["value"] for part in fields if part.get("value")}
        return cls(values, files)


def _fields(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        if "component" in component:  # a label around its field
            yield component["component"]
