"""What the buttons below a link do. Whoever presses must be its sender; the key is in the message.

Each answers first, within the platform's three seconds, and then works. After each the message
says how things stand, and the press's own token can edit it for another fifteen minutes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import discord
import structlog
from discord.utils import escape_markdown

from bots import discord_replies as words
from bots.discord_dms import try_dm
from bots.discord_errors import final
from bots.discord_form import Filled, PasswordForm
from bots.discord_messages import DOOR
from bots.discord_reply import Reply
from bots.discord_sharing import token_of
from bots.refusals import refusal
from core.errors import NotFound, OneTimeShareError, Unavailable
from core.language import _
from core.quantities import parse_duration
from core.secret import Sender, SenderRef

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bots.share import Share
    from core.link import SecretId
    from core.secret import Status

log = structlog.get_logger()

ANSWER_WITHIN = 2.0  # seconds for what comes before the first answer; the platform waits three


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press: who pressed, about which secret, on which message."""

    interaction: discord.Interaction
    secret_id: SecretId
    owner: bytes
    reply: Reply
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a wish came to: a sentence about it, and whether they are told by DM from now on."""

    note: str = ""
    tells: bool | None = None  # as it was


class Presses:
    """Does what a sender wishes."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._vault = share.vault
        self._first: dict[str, Callable[[Pressed, Status], Awaitable[None]]] = {
            "post": self._post,
            "password": self._ask_password,
        }
        self._later: dict[str, Callable[[Pressed], Awaitable[Outcome]]] = {
            "refresh": _nothing,
            "keep": _nothing,
            "revoke": _nothing,
            "burn": self._burn,
            "unlock": self._unlock,
            "lifetime": self._reschedule,
            "tell": self._tell,
            "quiet": _quiet,
            "protect": self._protect,
        }

    async def handle(
        self, interaction: discord.Interaction, action: str, secret_id: SecretId, chosen: str = ""
    ) -> None:
        """Do what a button says."""
        message = interaction.message
        if message is None:
            return
        owner = self._vault.owner(Sender(DOOR, str(interaction.user.id)))
        reply = Reply.read(message, secret_id)
        pressed = Pressed(interaction, secret_id, owner, reply, chosen)
        if action in self._first:
            await self._answer_with(pressed, self._first[action])
        elif action in self._later:
            await interaction.response.defer()
            await self._work(pressed, action)

    # ── the press is answered with something else than the message ──────────────────────────

    async def _answer_with(
        self, pressed: Pressed, act: Callable[[Pressed, Status], Awaitable[None]]
    ) -> None:
        """Look where the secret stands, which must be quick, and answer."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                status = await self._vault.control.status(pressed.secret_id, pressed.owner)
        except NotFound:
            await pressed.interaction.response.defer()
            await self._not_found(pressed)
        except (TimeoutError, Unavailable):
            sentence = refusal(Unavailable())
            await pressed.interaction.response.send_message(sentence, ephemeral=True)
        else:
            if status.waiting:
                await act(pressed, status)
            else:
                await pressed.interaction.response.defer()
                await self._show(pressed, status)

    async def _post(self, pressed: Pressed, _status: Status) -> None:
        """Show the link to everybody here: the one answer that is not for the sender alone."""
        interaction, link = pressed.interaction, pressed.reply.url
        respond = interaction.response.send_message
        if link is None:
            await respond(_(words.NO_LINK_HERE), ephemeral=True)
        elif _hidden(interaction):
            await respond(_(words.COPY_IT), ephemeral=True)
        else:
            name = escape_markdown(interaction.user.display_name)
            text = _(words.FOR_ALL).format(name=name, link=f"<{link}>")
            await respond(text, suppress_embeds=True)

    @staticmethod
    async def _ask_password(pressed: Pressed, status: Status) -> None:
        respond = pressed.interaction.response
        if pressed.reply.url is None:
            await respond.send_message(_(words.NO_LINK_HERE), ephemeral=True)
        else:
            await respond.send_modal(PasswordForm(status))

    # ── the press is answered by the message itself ─────────────────────────────────────────

    async def _work(self, pressed: Pressed, action: str) -> None:
        try:
            # Before anything is done.
            await self._vault.control.status(pressed.secret_id, pressed.owner)
            outcome = await self._later[action](pressed)
        except NotFound:
            await self._not_found(pressed)
            return
        except OneTimeShareError as error:
            outcome = Outcome(words.refusal(error))
        if outcome.tells is not None:
            pressed = replace(pressed, reply=replace(pressed.reply, tells=outcome.tells))
        try:
            status = await self._vault.control.status(pressed.secret_id, pressed.owner)
            await self._show(pressed, status, outcome.note, sure=action != "revoke")
        except OneTimeShareError as error:
            await pressed.interaction.followup.send(refusal(error), ephemeral=True)

    async def _show(
        self, pressed: Pressed, status: Status, note: str = "", *, sure: bool = True
    ) -> None:
        """Let the message say how things stand, also should they change meanwhile."""
        edit = pressed.interaction.edit_original_response
        if not sure and status.waiting:
            note = _(words.REALLY)
        await self._refer(pressed, status)
        await edit(**pressed.reply.shown(status, self._vault.policy, note, sure=sure))
        await pressed.reply.keep_true(self._vault, pressed.owner, status, edit, note=note)

    async def _refer(self, pressed: Pressed, status: Status) -> None:
        """Note the newest token that edits the message, where it is one that only a token edits."""
        interaction, tells = pressed.interaction, pressed.reply.tells
        if tells is None or status.ended_at or interaction.message is None:
            return
        chat = await _direct_chat(interaction) if tells else ""
        message, more = str(interaction.message.id), token_of(interaction)
        ref = SenderRef(DOOR, chat, str(interaction.locale), message, more)
        await self._vault.control.refer(pressed.secret_id, pressed.owner, ref)

    async def _not_found(self, pressed: Pressed) -> None:
        """Say whether it is somebody else's, or over for long: whoever has the link may know."""
        link = pressed.reply.link(pressed.secret_id)
        try:
            if link is not None:
                await self._vault.peek(link.id, link.key)
        except NotFound:
            await pressed.interaction.edit_original_response(content=_(words.OVER), view=None)
        else:
            await pressed.interaction.followup.send(_(words.NOT_YOURS), ephemeral=True)

    async def _burn(self, pressed: Pressed) -> Outcome:
        await self._vault.control.revoke(pressed.secret_id, pressed.owner)
        return Outcome()

    async def _unlock(self, pressed: Pressed) -> Outcome:
        await self._vault.control.unlock(pressed.secret_id, pressed.owner)
        return Outcome(_(words.UNLOCKED))

    async def _reschedule(self, pressed: Pressed) -> Outcome:
        lifetime = parse_duration(pressed.chosen)
        await self._vault.control.reschedule(pressed.secret_id, pressed.owner, lifetime)
        return Outcome(_(words.RESCHEDULED))

    async def _protect(self, pressed: Pressed) -> Outcome:
        """Wrap the file key anew, with the key that the form's message brings along."""
        link = pressed.reply.link(pressed.secret_id)
        if link is None:
            return Outcome(_(words.NO_LINK_HERE))
        given = Filled.read(pressed.interaction).values
        new, old = given.get("new"), given.get("old")
        await self._vault.control.rewrap(
            link.id, link.key, pressed.owner, password=new, old_password=old
        )
        return Outcome(_(words.PASSWORD_SET) if new else _(words.PASSWORD_GONE))

    async def _tell(self, pressed: Pressed) -> Outcome:
        """Find out at once whether a DM arrives."""
        if await try_dm(pressed.interaction, _(words.WILL_TELL)) is None:
            return Outcome(_(words.CANT_TELL))
        return Outcome(_(words.TELLS), tells=True)


async def _direct_chat(interaction: discord.Interaction) -> str:
    """Name the chat where they are told, or none where that became impossible."""
    try:
        return str((await interaction.client.create_dm(interaction.user)).id)
    except discord.HTTPException as error:
        if not final(error):
            raise
        return ""


async def _nothing(_pressed: Pressed) -> Outcome:
    return Outcome()


async def _quiet(_pressed: Pressed) -> Outcome:
    return Outcome(_(words.TELLS_NOT), tells=False)


def _hidden(interaction: discord.Interaction) -> bool:
    """Tell whether Discord would show even a public answer to this person alone."""
    guest = interaction.guild_id is not None and not interaction.is_guild_integration()
    return guest and not interaction.permissions.use_external_apps
