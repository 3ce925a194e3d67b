"""What the Discord door answers: commands, forms, presses, and direct messages."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import app_commands

from bots import replies
from bots.discord_buttons import Choice, Press
from bots.discord_commands import commands, tell
from bots.discord_errors import ANSWERED_BEFORE, UNKNOWN_INTERACTION
from bots.discord_form import PASSWORD, SHARE, Filled, ShareForm
from bots.discord_messages import Attached, Event, held, submission
from bots.discord_original import after
from bots.discord_presses import Presses
from bots.discord_request_buttons import RequestPress
from bots.discord_requests import Asking
from bots.discord_secrets import Secrets
from bots.discord_sharing import Answers, Channel, Sharing
from core.language import _, language_of, speaking
from core.link import SecretId
from core.quantities import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    import aiohttp

    from bots.share import Share
    from core.invitation import InvitationId
    from core.shard import Shard

log = structlog.get_logger()


class DiscordDoor(discord.AutoShardedClient):
    """A client that needs no privileged intent: only the messages that people send to it."""

    def __init__(
        self,
        share: Share,
        session: aiohttp.ClientSession,
        connector: aiohttp.BaseConnector,
        *,
        uploads: bool,
        shard: Shard | None = None,
    ) -> None:
        """Connect nothing yet; `uploads`: there may be pages for large files."""
        part: dict[str, Any] = {}
        if shard is not None:
            part = {"shard_ids": [shard.number], "shard_count": shard.count}
        super().__init__(
            intents=discord.Intents(dm_messages=True),
            connector=connector,
            max_messages=None,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=0,  # we ask for no servers, so there are none to wait for
            allowed_mentions=discord.AllowedMentions.none(),
            **part,
        )
        self.shard = shard
        self.opened = asyncio.Event()
        self.share = share
        self.uploads = uploads
        self.secrets = Secrets(share)
        self.asking = Asking(share)
        self._sharing = Sharing(share)
        self._presses = Presses(share)
        self._session = session
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self.command_failed)
        for command in commands(self):
            self.tree.add_command(command)
        self.add_dynamic_items(Press, Choice, RequestPress)

    async def setup_hook(self) -> None:
        """Tell Discord of the commands; where shards share the work, the first one does."""
        if self.shard is None or self.shard.first:
            await tell(self.tree, self.share.notes)

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
    def working(self, interaction: discord.Interaction | None = None) -> Iterator[None]:
        """Count what is being handled, and speak the language of whoever acts, where it is told."""
        self._working += 1
        self._idle.clear()
        try:
            with speaking(language_of(str(interaction.locale) if interaction else None)):
                yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()

    # ── what people do ──────────────────────────────────────────────────────────────────────

    async def on_message(self, message: discord.Message) -> None:
        """Turn a direct message, with all that is attached to it, into a link."""
        if message.author.bot or message.guild is not None:
            return
        event = Event(message.author.id, f"message/{message.id}", str(message.channel.id))
        made = submission(event, self._session, **held(message))
        place = Channel(message.channel)
        with self.working():
            if made is None:
                await place.send(content=_(replies.UNSUPPORTED))
            elif await self._sharing.share(made, place):
                await place.send(content=_(replies.DELETE_IT))

    async def share_command(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment | None,
        lifetime: timedelta | None,
    ) -> None:
        """Share the file at once, or show the form."""
        if file is None:
            with self.working(interaction):
                form = ShareForm(self.share.policy, lifetime)
                await interaction.response.send_modal(form)
            return
        await self._answer(interaction, files=[Attached.of(file)], lifetime=lifetime)

    async def share_message(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        """Share what an existing message holds, and delete it where that is allowed."""
        with self.working(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            event, place = Event.of(interaction), Answers(interaction)
            made = submission(event, self._session, **held(message))
            if made is None:
                await place.send(content=_(replies.UNSUPPORTED))
            elif told := await self._sharing.share(made, place):
                note = await after(interaction, message)
                await self._sharing.add(told, self.share.vault.owner(made.sender), note)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Take a form that was filled in, perhaps before the last restart."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        name = interaction.custom_id or ""
        if name == SHARE:
            await self._safely(interaction, self._form_sent(interaction))
        elif match := PASSWORD.fullmatch(name):
            await self.pressed(interaction, "protect", SecretId.parse(match[1]))

    async def _form_sent(self, interaction: discord.Interaction) -> None:
        form = Filled.read(interaction)
        chosen = form.values.get("lifetime")
        await self._answer(
            interaction,
            text=form.values.get("text", ""),
            files=form.files,
            lifetime=parse_duration(chosen) if chosen else None,
            password=form.values.get("password"),
        )

    async def _answer(self, interaction: discord.Interaction, **what: Any) -> None:  # noqa: ANN401 - as `submission` takes it
        """Acknowledge, share, and put the link into an answer that only the sender sees."""
        with self.working(interaction):
            # Within three seconds; what follows may take fifteen minutes.
            await interaction.response.defer(ephemeral=True, thinking=True)
            event, place = Event.of(interaction), Answers(interaction)
            made = submission(event, self._session, **what)
            if made is None:
                await place.send(content=_(replies.NO_TEXT_NO_FILE))
                return
            spare = None
            if made.packed and what.get("text", "").strip():
                alone = replace(event, name=f"{event.name}/text")
                spare = submission(alone, self._session, **{**what, "files": ()})
            await self._sharing.share(made, place, spare=spare)

    async def pressed(
        self,
        interaction: discord.Interaction,
        action: str,
        secret_id: SecretId | None,
        chosen: str = "",
    ) -> None:
        """Do what a button, a menu or the form of a password says."""
        if self.secrets.knows(action):
            work = self.secrets.handle(interaction, action, secret_id, chosen)
        elif secret_id is not None:
            work = self._presses.handle(interaction, action, secret_id, chosen)
        else:
            return
        await self._safely(interaction, work)

    async def request_pressed(
        self, interaction: discord.Interaction, action: str, name: InvitationId
    ) -> None:
        """Do what a button below a request's link says."""
        await self._safely(interaction, self.asking.handle(interaction, action, name))

    async def _safely(self, interaction: discord.Interaction, work: Any) -> None:  # noqa: ANN401 - a coroutine
        with self.working(interaction):
            try:
                await work
            except Exception as error:  # noqa: BLE001 - the library would print it with values
                await self.failed(interaction, error)

    async def command_failed(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        """Look what a command stumbled over."""
        await self.failed(interaction, getattr(error, "original", error))

    async def failed(self, interaction: discord.Interaction, error: BaseException) -> None:
        """Log the kind of error, and tell the person where that is still possible.

        Not where the platform says that it was answered: another replica has it then.
        """
        code = getattr(error, "code", None)
        log.warning("discord interaction failed", error=type(error).__name__, code=code)
        if code not in {UNKNOWN_INTERACTION, ANSWERED_BEFORE}:
            with self.working(interaction), suppress(discord.DiscordException):
                if interaction.response.is_done():
                    await interaction.followup.send(_(replies.FAILED), ephemeral=True)
                else:
                    await interaction.response.send_message(_(replies.FAILED), ephemeral=True)
