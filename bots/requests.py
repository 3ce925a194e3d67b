"""Asking for a secret, and a way in for large files: one invitation, and its link in the chat.

A door calls `Requests` when somebody asks, revokes or looks; `Deliveries` tell what was handed in.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bots.deliveries import arrive
from core.errors import Closed, NotFound, TooManyAsked
from core.invitation import InvitationId, Purpose
from core.policy import clean_label
from core.secret import SenderRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime, timedelta

    from bots.deliveries import Arrival
    from bots.share import Share
    from core.invitation import Invitation
    from core.secret import Sender

MOST_OPEN = 20  # invitations of one sender at a time


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks a door for; `label` is what the page calls them.

    `chat` is where they are told what was handed in, and `language` how. A day is its lifetime,
    unless another is wished.
    """

    sender: Sender
    chat: str = field(repr=False)
    language: str = "en"
    label: str = field(default="", repr=False)
    purpose: Purpose = Purpose.REQUEST
    lifetime: timedelta | None = None

    def ref(self, message: str = "", more: Mapping[str, str] | None = None) -> SenderRef:
        """Name where they are told; `message` is the one that holds the invitation."""
        return SenderRef(self.sender.door, self.chat, self.language, message, more or {})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the door tells whoever asks; the address is for the one who hands in.

    `label` is as its page shows it, empty where it names nobody.
    """

    id: InvitationId
    url: str = field(repr=False)
    expires_at: datetime
    label: str = field(repr=False)


class Requests:
    """What people ask a door for. `owner` is a sender's mark, as the vault makes it."""

    def __init__(self, share: Share) -> None:
        self._share = share

    @asynccontextmanager
    async def handle(self, event: str, wish: Wish) -> AsyncIterator[Asked]:
        """Make an invitation; the body of the block tells whoever asks.

        `event` is the platform's own id of what they sent. It counts as answered when the block
        ends well. Should the block fail, the invitation is revoked.

        Raises:
            Duplicate: this event was answered, or is being handled now.
            BadLabel, BadLifetime, TooManyAsked: it can't be had; nothing is kept.
        """
        owner = self._share.vault.owner(wish.sender)
        async with self._share.creations.once(wish.sender.door, event) as creation:
            for left in creation.earlier:
                await self._withdraw(owner, InvitationId(left.raw))
            name = InvitationId(creation.secret_id.raw)
            try:
                yield await self.ask(wish, name)
            except BaseException:
                await self._withdraw(owner, name)
                raise

    async def ask(self, wish: Wish, name: InvitationId | None = None) -> Asked:
        """Make an invitation.

        Raises:
            BadLabel: it has more than 60 characters.
            BadLifetime: out of bounds.
            TooManyAsked: twenty of theirs are open already.
        """
        owner = self._share.vault.owner(wish.sender)
        if sum(one.open for one in await self.listed(owner)) >= MOST_OPEN:
            raise TooManyAsked(MOST_OPEN)
        invited = await self._share.invitations.create(
            owner,
            wish.ref(),
            purpose=wish.purpose,
            policy=self._share.policy,
            label=wish.label,
            lifetime=wish.lifetime,
            name=name,
        )
        url, label = invited.url(self._share.public_url), clean_label(wish.label)
        return Asked(invited.id, url, invited.expires_at, label)

    async def note(self, owner: bytes, name: InvitationId, ref: SenderRef) -> None:
        """Note the message that holds the invitation: the arrival is told there.

        Raises:
            NotFound: no such invitation of theirs.
        """
        found = await self.look(owner, name)
        await self._share.invitations.amend(name, owner, replace(found.asking, ref=ref))

    async def look(self, owner: bytes, name: InvitationId) -> Invitation:
        """Look how an invitation stands.

        Raises:
            NotFound: no such invitation of theirs.
        """
        return await self._share.invitations.inquire(name, owner)

    async def revoke(self, owner: bytes, name: InvitationId) -> None:
        """Revoke an invitation.

        Raises:
            NotFound: no such invitation of theirs.
            Closed: it was used, or is over.
        """
        await self._share.invitations.revoke(name, owner)

    async def listed(self, owner: bytes) -> list[Invitation]:
        """List what they asked for, and what became of it within a day."""
        return await self._share.invitations.of_owner(owner)

    async def waiting(self, owner: bytes) -> list[Invitation]:
        """List what is open, and what brought something that they do not have yet."""
        return [one for one in await self.listed(owner) if one.open or one.arrived]

    async def forget(self, owner: bytes) -> None:
        """Revoke all that they asked for, forget what it brought, and drop the list."""
        for one in await self.listed(owner):
            await self._withdraw(owner, one.id)
            if one.arrived:
                await self._share.handed.delivered(one.id, one.asking.ref.door)
        await self._share.invitations.forget(owner)

    @asynccontextmanager
    async def fetch(self, owner: bytes, name: InvitationId) -> AsyncIterator[Arrival]:
        """Show what waits, on a press, where it could not be told; it stays if the block fails.

        Raises:
            NotFound: no such invitation of theirs, or nothing waits.
        """
        handover = await self._share.handed.look(name)
        if handover is None or handover.owner != owner:
            raise NotFound
        yield await arrive(self._share, handover)
        await self._share.handed.delivered(name, handover.asking.ref.door)

    async def _withdraw(self, owner: bytes, name: InvitationId) -> None:
        with suppress(NotFound, Closed):
            await self.revoke(owner, name)
