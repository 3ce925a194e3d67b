"""The commands that Discord shows, and the entry in a message's menu."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeAlias

import discord
from discord import app_commands

from bots import discord_replies as words
from bots.discord_buttons import lifetimes
from bots.discord_translations import Translations
from core.invitation import Purpose
from core.language import N_
from core.quantities import parse_duration, show_duration, show_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from bots.discord_door import DiscordDoor
    from core.notes import Notes

    Slash = tuple[str, str, Callable[..., Any]]  # name, description, what answers it

Made: TypeAlias = "app_commands.Command[Any, ..., None] | app_commands.ContextMenu"

NOTE = "discord commands"  # remembers what was told last
EVERYWHERE: dict[str, Any] = {
    "allowed_installs": app_commands.AppInstallationType(guild=True, user=True),
    "allowed_contexts": app_commands.AppCommandContext(
        guild=True, dm_channel=True, private_channel=True
    ),
}


def commands(door: DiscordDoor) -> list[Made]:
    """Make them all."""
    slash: list[Slash] = [
        ("share", N_("Get a link that opens once, for a text or a file"), _share(door)),
        *_requests(door),
        *_lists(door),
        *_explanations(door),
    ]
    made: list[Made] = [
        app_commands.Command(name=name, description=description, callback=callback, **EVERYWHERE)
        for name, description, callback in slash
    ]
    menu = app_commands.ContextMenu(name=words.SHARE_ONCE, callback=_share_once(door), **EVERYWHERE)
    return [*made, menu]


async def tell(tree: app_commands.CommandTree, notes: Notes) -> None:
    """Tell Discord of all commands, with their translations, only when they changed."""
    await tree.set_translator(translator := Translations())
    told = [await one.get_translated_payload(tree, translator) for one in tree.get_commands()]
    text = json.dumps(told, sort_keys=True, default=str)
    digest = f"{tree.client.application_id}:{hashlib.sha256(text.encode()).hexdigest()}"
    if await notes.read(NOTE) != digest:
        await tree.sync()
        await notes.write(NOTE, digest)


def _requests(door: DiscordDoor) -> list[Slash]:
    @app_commands.describe(label=N_("Who asks, as the page behind the link shows it"))
    async def request(interaction: discord.Interaction, label: str = "") -> None:
        with door.working(interaction):
            await door.asking.ask(interaction, Purpose.REQUEST, label)

    async def upload(interaction: discord.Interaction) -> None:
        with door.working(interaction):
            await door.asking.ask(interaction, Purpose.UPLOAD)

    offered: list[Slash] = [
        ("request", N_("A link by which somebody hands you a text or file"), request)
    ]
    if door.uploads:
        offered.append(("upload", N_("A page for a file that is too large for Discord"), upload))
    return offered


def _lists(door: DiscordDoor) -> list[Slash]:
    async def secrets(interaction: discord.Interaction) -> None:
        with door.working(interaction):
            await door.secrets.show(interaction)
            await door.asking.list_waiting(interaction)

    async def delete_my_data(interaction: discord.Interaction) -> None:
        with door.working(interaction):
            await door.secrets.ask_to_forget(interaction)

    return [
        ("secrets", N_("What you shared, where it stands, and revoke"), secrets),
        ("delete-my-data", N_("Destroy what you have waiting, and forget you"), delete_my_data),
    ]


def _explanations(door: DiscordDoor) -> list[Slash]:
    policy = door.share.policy

    async def help_(interaction: discord.Interaction) -> None:
        with door.working(interaction):
            lifetime, limit = show_duration(policy.default_lifetime), show_size(policy.max_size)
            text = words.help_(lifetime, limit, uploads=door.uploads)
            await interaction.response.send_message(text, ephemeral=True)

    async def privacy(interaction: discord.Interaction) -> None:
        with door.working(interaction):
            text = words.privacy(f"<{door.share.public_url}/privacy>")
            await interaction.response.send_message(text, ephemeral=True)

    return [
        ("help", N_("What is possible, and what is true"), help_),
        ("privacy", N_("What is kept, and how long"), privacy),
    ]


def _share_once(door: DiscordDoor) -> Callable[..., Any]:
    async def share_once(interaction: discord.Interaction, message: discord.Message) -> None:
        await door.share_message(interaction, message)

    return share_once


def _share(door: DiscordDoor) -> Callable[..., Any]:
    choices = [
        app_commands.Choice(name=show_duration(wish), value=round(wish.total_seconds()))
        for wish in lifetimes(door.share.policy)
    ]

    @app_commands.describe(
        file=N_("The file to share"), expires=N_("When it is destroyed unopened")
    )
    @app_commands.choices(expires=choices)
    async def share(
        interaction: discord.Interaction,
        file: discord.Attachment | None = None,
        expires: int | None = None,
    ) -> None:
        wish = None if expires is None else parse_duration(str(expires))
        await door.share_command(interaction, file, wish)

    return share
