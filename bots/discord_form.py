"""The form of /share: a text, a file, a password, a lifetime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import structlog
from discord import ui

from bots import replies
from core.quantities import parse_duration, show_duration
from core.secret import Sender

if TYPE_CHECKING:
    from datetime import timedelta

    from bots.discord_door import DiscordDoor

log = structlog.get_logger()

LONGEST_TEXT = 4000  # characters that a modal's field holds
LONGEST_PASSWORD = 200
WISHES = ("5m", "1h", "5h", "1d", "7d")


class ShareForm(ui.Modal):
    """Nothing in it can be invalid but all of it empty: no form may answer a form."""

    def __init__(self, door: DiscordDoor, lifetime: timedelta | None) -> None:
        super().__init__(title="Share once", timeout=900)
        self._door = door
        self.text: ui.TextInput[ShareForm] = ui.TextInput(
            style=discord.TextStyle.paragraph, required=False, max_length=LONGEST_TEXT
        )
        self.file: ui.FileUpload[ShareForm] = ui.FileUpload(
            required=False, min_values=0, max_values=1
        )
        self.password: ui.TextInput[ShareForm] = ui.TextInput(
            required=False, max_length=LONGEST_PASSWORD
        )
        self.lifetime: ui.RadioGroup[ShareForm] = ui.RadioGroup(required=True)
        policy = door.share.policy
        chosen = policy.default_lifetime if lifetime is None else lifetime
        offered = {parse_duration(w) for w in WISHES} | {chosen}
        for wish in sorted(w for w in offered if w <= policy.max_lifetime):
            self.lifetime.add_option(
                label=show_duration(wish),
                value=str(round(wish.total_seconds())),
                default=wish == chosen,
            )
        self.add_item(ui.Label(text="A text", component=self.text))
        self.add_item(ui.Label(text="A file", component=self.file))
        self.add_item(
            ui.Label(
                text="A password for the recipient",
                description=f"Optional; tell it some other way. {replies.NO_LOGIN}",
                component=self.password,
            )
        )
        self.add_item(ui.Label(text="Destroyed unopened after", component=self.lifetime))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Make a link for the text and one for the file."""
        sender = Sender("discord", str(interaction.user.id))
        event = f"interaction/{interaction.id}"
        chosen = self.lifetime.value
        lifetime = parse_duration(chosen) if chosen else None
        password = self.password.value or None
        made = []
        if self.text.value:
            made.append(
                self._door.of_text(
                    sender, event, self.text.value, lifetime=lifetime, password=password
                )
            )
        made += [
            self._door.of_file(sender, event, file, lifetime=lifetime, password=password)
            for file in self.file.values
        ]
        await self._door.answer(interaction, made)

    async def on_error(  # type: ignore[override]  # as the library's own Modal narrows it
        self, _interaction: discord.Interaction, error: Exception, /
    ) -> None:
        """Log the kind of error; the library would print a traceback with values."""
        log.warning("discord form failed", error=type(error).__name__)
