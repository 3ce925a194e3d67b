"""What every door does once: a submission becomes a link, and a repeated event does nothing."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.archive import NAME, TYPE, Archive
from core.errors import EmptyText, Unavailable
from core.link import encode
from core.secret import Kind, SenderRef

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Sequence
    from datetime import datetime, timedelta

    from core.archive import Entry
    from core.bootstrap import House
    from core.creations import Creations
    from core.gate import Gate
    from core.handed import Handed
    from core.invitations import Invitations
    from core.link import SecretId
    from core.notes import Notes
    from core.policy import Policy
    from core.receipts import Receipts
    from core.secret import Sender
    from core.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What somebody handed to a door.

    `event` is the platform's own id of what came in: the same id means the same event; `parts` are
    those of what came in pieces, and is answered with it.
    `chat` is where the sender is told what becomes of it, and `language` how.
    `size` is what the platform declared, in bytes; what arrives is counted again.
    """

    sender: Sender
    event: str
    parts: tuple[str, ...] = ()
    chat: str = field(default="", repr=False)
    language: str = "en"
    kind: Kind
    content: AsyncIterable[bytes] = field(repr=False)
    name: str | None = field(default=None, repr=False)
    type: str | None = None
    size: int | None = None
    lifetime: timedelta | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def holds(self) -> Sequence[str]:
        """The names of the files in it, where it is a zip of ours: one that was sent holds none."""
        return self.content.names if isinstance(self.content, Archive) else ()

    @property
    def packed(self) -> bool:
        """Whether it is several files, or a file and a text, as one."""
        return bool(self.holds)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the door tells its sender. `replaced`: an earlier try's link is revoked."""

    id: SecretId
    url: str = field(repr=False)
    expires_at: datetime
    size: int
    protected: bool
    replaced: bool


@dataclass(frozen=True, slots=True)
class Share:
    """The doors' way into the vault."""

    vault: Vault
    creations: Creations
    notes: Notes
    receipts: Receipts
    policy: Policy
    public_url: str
    invitations: Invitations
    handed: Handed
    gate: Gate

    @classmethod
    def of(cls, house: House, public_url: str) -> Share:
        """Give a house its way in."""
        return cls(
            vault=house.vault,
            creations=house.creations,
            notes=house.notes,
            receipts=house.receipts,
            policy=house.vault.policy,
            public_url=public_url,
            invitations=house.invitations,
            handed=house.handed,
            gate=house.gate,
        )

    @asynccontextmanager
    async def handle(self, submission: Submission) -> AsyncIterator[Shared]:
        """Seal the submission; the body of the block tells its sender.

        The event counts as answered when the block ends well. Should the block fail, nobody has
        the link, so the secret is revoked and the same event may be handled anew.

        Raises:
            Duplicate: when this event was answered, or is being handled now.
            OneTimeShareError: when the submission is refused; nothing is kept then.
        """
        proof = self.vault.owner(submission.sender)
        door, event, parts = submission.sender.door, submission.event, submission.parts
        async with self.creations.once(door, event, parts) as creation:
            existed = [await self.vault.control.abandon(one, proof) for one in creation.earlier]
            with self.gate.entered(encode(proof)) as entered:
                sealed = await self.vault.seal(
                    entered.counted(submission.content, submission.size),
                    kind=submission.kind,
                    name=submission.name,
                    holds=submission.holds,
                    media_type=submission.type,
                    size=submission.size,
                    lifetime=submission.lifetime,
                    password=submission.password,
                    owner=proof,
                    ref=SenderRef(submission.sender.door, submission.chat, submission.language),
                    secret_id=creation.secret_id,
                )
            try:
                yield Shared(
                    id=sealed.link.id,
                    url=sealed.link.url(self.public_url),
                    expires_at=sealed.expires_at,
                    size=sealed.size,
                    protected=bool(submission.password),
                    replaced=any(existed),
                )
            except BaseException:
                with suppress(Unavailable):  # a repeat of the event ends it
                    await asyncio.shield(self.vault.control.abandon(sealed.link.id, proof))
                raise

    async def note(self, shared: Shared, submission: Submission, message: str, **more: str) -> None:
        """Note the message that holds the link, so that it can be edited when something happens.

        A courtesy: without it the sender is told by a message of its own.
        """
        sender = submission.sender
        ref = SenderRef(sender.door, submission.chat, submission.language, message, more)
        with suppress(Unavailable):
            await self.vault.control.refer(shared.id, self.vault.owner(sender), ref)


async def text_content(text: str) -> AsyncIterator[bytes]:
    """Make content of a text.

    Raises:
        EmptyText: when there is nothing in it but white space.
    """
    if not text.strip():
        raise EmptyText
    yield text.encode(errors="replace")


def archive_content(files: Sequence[Entry], text: str) -> dict[str, Any]:
    """Give a submission's fields about several files, or a file and what is written with it."""
    archive = Archive(files, text)
    return {
        "kind": Kind.FILE,
        "content": archive,
        "name": NAME,
        "type": TYPE,
        "size": archive.size,
    }
