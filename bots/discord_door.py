"""What the Discord door answers: /share, its form, and direct messages."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import app_commands

from bots import replies
from bots.discord_form import ShareForm
from bots.download import download
from bots.share import Submission, text_content
from core.errors import Duplicate, OneTimeShareError
from core.quantities import parse_duration, show_duration, show_size
from core.secret import Kind, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    import aiohttp

    from bots.share import Share, Shared

log = structlog.get_logger()

DOOR = "discord"
CDN = frozenset({"https://cdn.discordapp.com", "https://media.discordapp.net"})
LIFETIMES = ("5m", "1h", "5h", "1d", "7d")
NOTE = "discord commands"  # remembers what was synced last


class DiscordDoor(discord.AutoShardedClient):
    """A client that needs no privileged intent: only the messages that people send to it."""

    def __init__(
        self, share: Share, session: aiohttp.ClientSession, connector: aiohttp.BaseConnector
    ) -> None:
        intents = discord.Intents.none()
        intents.dm_messages = True
        super().__init__(
            intents=intents,
            connector=connector,
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.opened = asyncio.Event()
        self.share = share
        self._session = session
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self.command_failed)
        for command in _commands(self):
            self.tree.add_command(command)

    async def setup_hook(self) -> None:
        """Tell Discord of the commands, only when they changed."""
        told = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps(told, sort_keys=True, default=str)
        digest = f"{self.application_id}:{hashlib.sha256(text.encode()).hexdigest()}"
        if await self.share.notes.read(NOTE) != digest:
            await self.tree.sync()
            await self.share.notes.write(NOTE, digest)

    async def on_ready(self) -> None:
        """Note that the gateway let us in."""
        self.opened.set()

    async def on_error(self, _event: str, *_args: object, **_kwargs: object) -> None:
        """Log what no sentence covers; the library would print a traceback with values."""
        log.error("discord handler failed", exc_info=False)

    async def finish(self) -> None:
        """Wait until nothing is being handled any more."""
        await self._idle.wait()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count what is being handled."""
        self._working += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()

    # ── what people do ──────────────────────────────────────────────────────────────────────

    async def on_message(self, message: discord.Message) -> None:
        """Turn a direct message into links: one for its text, one for each file."""
        if message.author.bot or message.guild is not None:
            return
        sender = Sender(DOOR, str(message.author.id))
        event = f"message/{message.id}"
        made = [self.of_file(sender, event, file) for file in message.attachments]
        if message.content:
            made.append(self.of_text(sender, event, message.content))

        async def tell(text: str) -> None:
            await message.channel.send(text, suppress_embeds=True)

        with self.working():
            if not made:
                await tell(replies.UNSUPPORTED)
            told = [await self._share_one(submission, tell) for submission in made]
            if any(told):
                await tell(replies.DELETE_IT)

    async def share_command(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment | None,
        lifetime: timedelta | None,
    ) -> None:
        """Share the file at once, or show the form."""
        if file is None:
            await interaction.response.send_modal(ShareForm(self, lifetime))
            return
        sender = Sender(DOOR, str(interaction.user.id))
        submission = self.of_file(sender, f"interaction/{interaction.id}", file, lifetime=lifetime)
        await self.answer(interaction, [submission])

    async def answer(self, interaction: discord.Interaction, submissions: list[Submission]) -> None:
        """Acknowledge, share, and put every link into the one answer that only the sender sees."""
        with self.working():
            # Within three seconds; what follows may take fifteen minutes.
            await interaction.response.defer(ephemeral=True, thinking=True)
            told: list[str] = []

            async def tell(text: str) -> None:
                told.append(text)
                await interaction.edit_original_response(content="\n\n".join(told))

            if not submissions:
                await tell(replies.NO_TEXT_NO_FILE)
            for submission in submissions:
                await self._share_one(submission, tell)

    async def _share_one(self, submission: Submission, tell: Any) -> bool:  # noqa: ANN401 - a coroutine function
        what = "your file" if submission.kind is Kind.FILE else "your text"
        try:
            async with self.share.handle(submission) as shared:
                await tell(replies.sealed(_bracketed(shared), what))
                return True
        except Duplicate:
            return False
        except OneTimeShareError as error:
            log.info("refused", door=DOOR, error=type(error).__name__)
            sentence = replies.refusal(error)
            await tell(sentence)
        return False

    def of_text(self, sender: Sender, event: str, text: str, **wishes: Any) -> Submission:  # noqa: ANN401 - Submission's own fields
        """Make a submission of a text."""
        return Submission(
            sender=sender,
            event=f"{event}/text",
            kind=Kind.TEXT,
            content=text_content(text),
            **wishes,
        )

    def of_file(
        self,
        sender: Sender,
        event: str,
        file: discord.Attachment,
        **wishes: Any,  # noqa: ANN401 - Submission's own fields
    ) -> Submission:
        """Make a submission of an attachment, streamed from the platform's CDN."""
        return Submission(
            sender=sender,
            event=f"{event}/{file.id}",
            kind=Kind.FILE,
            content=download(self._session, file.url, origins=CDN, size=file.size),
            name=file.filename,
            type=file.content_type,
            size=file.size,
            **wishes,
        )

    async def command_failed(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        """Log the kind of error, and tell the person where that is still possible."""
        cause = getattr(error, "original", error)
        log.warning("discord command failed", error=type(cause).__name__)
        if not interaction.response.is_done():
            with suppress(discord.DiscordException):
                await interaction.response.send_message(replies.FAILED, ephemeral=True)


def _bracketed(shared: Shared) -> Shared:
    """Wrap the address so that Discord shows no preview of it."""
    return replace(shared, url=f"<{shared.url}>")


def _commands(door: DiscordDoor) -> list[app_commands.Command[Any, ..., None]]:
    policy = door.share.policy
    lifetime = show_duration(policy.default_lifetime)
    wishes = [w for w in map(parse_duration, LIFETIMES) if w <= policy.max_lifetime]
    choices = [
        app_commands.Choice(name=show_duration(w), value=round(w.total_seconds())) for w in wishes
    ]

    @app_commands.describe(file="The file to share", expires="When it is destroyed unopened")
    @app_commands.choices(expires=choices)
    async def share(
        interaction: discord.Interaction,
        file: discord.Attachment | None = None,
        expires: int | None = None,
    ) -> None:
        wish = None if expires is None else parse_duration(str(expires))
        await door.share_command(interaction, file, wish)

    async def help_(interaction: discord.Interaction) -> None:
        text = replies.discord_help(lifetime, show_size(policy.max_size))
        await interaction.response.send_message(text, ephemeral=True)

    async def privacy(interaction: discord.Interaction) -> None:
        text = replies.privacy(f"<{door.share.public_url}/privacy>")
        await interaction.response.send_message(text, ephemeral=True)

    made: list[app_commands.Command[Any, ..., None]] = []
    for name, description, callback in (
        ("share", "Get a link that opens once, for a text or a file", share),
        ("help", "What is possible, and what is true", help_),
        ("privacy", "What is kept, and how long", privacy),
    ):
        made.append(
            app_commands.Command(
                name=name,
                description=description,
                callback=callback,
                allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
                allowed_contexts=app_commands.AppCommandContext(
                    guild=True, dm_channel=True, private_channel=True
                ),
            )
        )
    return made
