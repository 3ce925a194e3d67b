"""Submissions become links, in a message with buttons below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bots import discord_replies as words
from bots.discord_messages import DOOR
from bots.discord_reply import Reply
from bots.refusals import refusal
from core.errors import (
    Duplicate,
    ForbiddenExtension,
    OneTimeShareError,
    SourceFailed,
    TooLarge,
)
from core.language import _

if TYPE_CHECKING:
    import discord

    from bots.share import Share, Shared, Submission
    from core.secret import Status

log = structlog.get_logger()

# Why files may be refused that have nothing to do with the text beside them.
FILES_ALONE = (TooLarge, ForbiddenExtension, SourceFailed)


class Place(Protocol):
    """Where a sender reads the answers.

    `tells`: whether they are told by DM, as `Reply` has it; `more`: what editing there needs.
    """

    tells: bool | None
    more: dict[str, str]

    async def send(self, **what: Any) -> discord.Message:  # noqa: ANN401 - the library's own fields
        """Send one answer."""


class Channel:
    """A direct message's channel."""

    tells: bool | None = None

    def __init__(self, channel: discord.abc.Messageable) -> None:
        self._channel = channel
        self.more: dict[str, str] = {}

    async def send(self, **what: Any) -> discord.Message:  # noqa: ANN401 - as in Place
        """Send a message."""
        return await self._channel.send(suppress_embeds=True, **what)


class Answers:
    """The answers to an interaction that was deferred: only the sender sees them."""

    tells: bool | None = False

    def __init__(self, interaction: discord.Interaction) -> None:
        self._interaction = interaction
        self._first = True
        self.more = token_of(interaction)

    async def send(self, **what: Any) -> discord.Message:  # noqa: ANN401 - as in Place
        """Fill in the deferred answer, or follow it up."""
        if self._first:
            self._first = False
            return await self._interaction.edit_original_response(**what)
        return await self._interaction.followup.send(
            wait=True, ephemeral=True, suppress_embeds=True, **what
        )


def token_of(interaction: discord.Interaction) -> dict[str, str]:
    """Give what edits an answer to this interaction, and until when."""
    return {
        "application": str(interaction.application_id),
        "token": interaction.token,
        "until": str(round(interaction.expires_at.timestamp())),
    }


@dataclass(frozen=True, slots=True)
class Told:
    """A message that holds a link."""

    message: discord.Message
    reply: Reply
    status: Status


class Sharing:
    """Hands submissions over to the vault and their links to their sender."""

    def __init__(self, share: Share) -> None:
        self._share = share

    async def share(
        self, submission: Submission, place: Place, *, spare: Submission | None = None
    ) -> Told | None:
        """Share it, or say why not.

        `spare` is what is shared in its stead where its files are refused: the text of a form,
        which its sender has nowhere else.
        """
        try:
            return await self._share_one(submission, place)
        except Duplicate:
            return None
        except OneTimeShareError as error:
            log.info("refused", door=DOOR, error=type(error).__name__)
            await place.send(content=refusal(error))
            if spare is None or not isinstance(error, FILES_ALONE):
                return None
        return await self._share_spare(spare, place)

    async def _share_spare(self, spare: Submission, place: Place) -> Told | None:
        told = await self.share(spare, place)
        if told is not None:
            await self.add(told, self._share.vault.owner(spare.sender), _(words.TEXT_ALONE))
        return told

    async def _share_one(self, submission: Submission, place: Place) -> Told:
        async with self._share.handle(submission) as shared:
            told = await self._hand_over(shared, submission, place)
        await self.keep_true(told, submission)
        return told

    async def _hand_over(self, shared: Shared, submission: Submission, place: Place) -> Told:
        vault = self._share.vault
        status = await vault.control.status(shared.id, vault.owner(submission.sender))
        reply = Reply.fresh(shared, submission.kind, packed=submission.packed, tells=place.tells)
        note = _(words.REPLACES) if shared.replaced else ""
        message = await place.send(**reply.shown(status, vault.policy, note))
        await self._share.note(shared, submission, str(message.id), **place.more)
        return Told(message, reply, status)

    async def keep_true(self, told: Told, submission: Submission) -> None:
        """Edit, should something have happened before anybody knew which message to edit."""
        owner = self._share.vault.owner(submission.sender)
        await told.reply.keep_true(self._share.vault, owner, told.status, told.message.edit)

    async def add(self, told: Told, owner: bytes, note: str) -> None:
        """Say something more in a message that holds a link."""
        vault = self._share.vault
        status = await vault.control.status(told.status.id, owner)
        await told.message.edit(**told.reply.shown(status, vault.policy, note))
        await told.reply.keep_true(vault, owner, status, told.message.edit, note=note)
