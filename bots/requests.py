"""Asking for a secret, and a way in for large files: one invitation, and its link in the chat.

A door calls `Requests` when somebody asks, revokes or looks, and runs `Deliveries` beside its own
work, which tells whoever asked what was handed in.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from bots.notices import PAUSE, Unreachable
from core.errors import Closed, Corrupt, NotFound, Unavailable
from core.invitation import Purpose
from core.secret import SenderRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime, timedelta

    from bots.share import Share
    from core.handed import Handover
    from core.invitation import Invitation, InvitationId
    from core.link import SecretId
    from core.secret import Kind, Sender

    Tell = Callable[["Arrival"], Awaitable[SenderRef | None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the door tells whoever asks; the address is for the one who hands in."""

    id: InvitationId
    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was handed in; the address opens once and is for whoever asked, where `ref` says."""

    invitation: InvitationId
    secret_id: SecretId
    url: str = field(repr=False)
    kind: Kind
    size: int
    expires_at: datetime
    protected: bool
    label: str = field(repr=False)
    purpose: Purpose
    ref: SenderRef

    @classmethod
    def of(cls, handover: Handover, public_url: str) -> Arrival:
        handed, asking = handover.handed, handover.asking
        return cls(
            invitation=handover.invitation,
            secret_id=handed.link.id,
            url=handed.link.url(public_url),
            kind=handed.kind,
            size=handed.size,
            expires_at=handed.expires_at,
            protected=handed.protected,
            label=asking.label,
            purpose=asking.purpose,
            ref=asking.ref,
        )


class Requests:
    """What people ask a door for."""

    def __init__(self, share: Share) -> None:
        self._share = share

    async def ask(  # noqa: PLR0913 - who asks, where they are told, for what
        self,
        sender: Sender,
        chat: str,
        language: str = "en",
        *,
        label: str = "",
        lifetime: timedelta | None = None,
        purpose: Purpose = Purpose.REQUEST,
    ) -> Asked:
        """Make an invitation; a day is its lifetime, unless another is wished.

        Raises:
            BadLifetime: out of bounds.
        """
        invited = await self._share.invitations.create(
            self._share.vault.owner(sender),
            SenderRef(sender.door, chat, language),
            purpose=purpose,
            policy=self._share.policy,
            label=label,
            lifetime=lifetime,
        )
        return Asked(invited.id, invited.url(self._share.public_url), invited.expires_at)

    async def note(self, sender: Sender, name: InvitationId, ref: SenderRef) -> None:
        """Note the message that holds the invitation: the arrival is told there."""
        owner = self._share.vault.owner(sender)
        found = await self._share.invitations.inquire(name, owner)
        await self._share.invitations.amend(name, owner, replace(found.asking, ref=ref))

    async def revoke(self, sender: Sender, name: InvitationId) -> None:
        """Revoke an invitation.

        Raises:
            NotFound: no such invitation of theirs.
            Closed: it was used, or is over.
        """
        await self._share.invitations.revoke(name, self._share.vault.owner(sender))

    async def list(self, sender: Sender) -> list[Invitation]:
        """List what they asked for, and what became of it within a day."""
        return await self._share.invitations.of_owner(self._share.vault.owner(sender))

    async def forget(self, sender: Sender) -> None:
        """Revoke all that they asked for, and drop the list."""
        for one in await self.list(sender):
            with suppress(NotFound, Closed):
                await self.revoke(sender, one.id)
        await self._share.invitations.forget(self._share.vault.owner(sender))

    @asynccontextmanager
    async def fetch(self, sender: Sender, name: InvitationId) -> AsyncIterator[Arrival]:
        """Show what waits, on a press, where it could not be told; it stays if the block fails.

        Raises:
            NotFound: no such invitation of theirs, or nothing waits.
        """
        handover = await self._share.handed.look(name)
        if handover is None or handover.owner != self._share.vault.owner(sender):
            raise NotFound
        await _refer(self._share, handover, replace(handover.asking.ref, message=""))
        yield Arrival.of(handover, self._share.public_url)
        await self._share.handed.delivered(name, sender.door)


class Deliveries:
    """Tells those who asked through one door what was handed in: at least once, by any replica."""

    def __init__(self, share: Share, door: str, tell: Tell) -> None:
        """Take the door's own way to tell; it answers where the link stands now, if it knows.

        It may fail: then the link is told again later, here or by another replica. With
        `Unreachable` it is not, and waits for a `fetch` until its day is over.
        """
        self._share = share
        self._door = door
        self._tell = tell
        self._reader = f"{os.getpid()}-{secrets.token_hex(4)}"

    async def run(self) -> None:
        """Tell whatever comes, until cancelled."""
        while True:
            try:
                await self._share.handed.join(self._door)
                while True:
                    waiting = await self._share.handed.take(self._door, self._reader)
                    await asyncio.gather(*(self.handle(*one) for one in waiting))
            except Unavailable:
                log.warning("deliveries wait", door=self._door)
                await asyncio.sleep(PAUSE)

    async def handle(self, entry: str, name: InvitationId) -> None:
        """Tell one; what fails is left to be told again."""
        try:
            try:
                handover = await self._share.handed.look(name)
                if handover is not None:
                    await self._deliver(handover)
                await self._share.handed.delivered(name, self._door, entry)
            except (Unreachable, Corrupt) as error:
                log.info("delivery dropped", door=self._door, error=type(error).__name__)
                await self._share.handed.drop(self._door, entry)
        except Exception as error:  # noqa: BLE001 - one that can't be told now holds up no other
            log.warning("delivery failed", door=self._door, error=type(error).__name__)

    async def _deliver(self, handover: Handover) -> None:
        # Nobody has the link before this: what happens to it is told from its first moment on.
        await _refer(self._share, handover, replace(handover.asking.ref, message=""))
        told = await self._tell(Arrival.of(handover, self._share.public_url))
        if told is not None:
            with suppress(Unavailable):  # a courtesy: else the sender gets a message of its own
                await _refer(self._share, handover, told)


async def _refer(share: Share, handover: Handover, ref: SenderRef) -> None:
    await share.vault.refer(handover.handed.link.id, handover.owner, ref)
