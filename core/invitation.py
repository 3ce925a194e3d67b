"""An invitation to hand one thing in, the link that carries it, and what comes back by it."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from core.link import ID_SIZE, KEY_SIZE, Key, Link, SecretId, decode, encode
from core.secret import Kind, SenderRef

if TYPE_CHECKING:
    from core.keys import ServerKey


class Purpose(StrEnum):
    """Who hands in: somebody who was asked, or the asker, whose file is too large for the chat."""

    REQUEST = "request"
    UPLOAD = "upload"


class Standing(StrEnum):
    """Where an invitation is in its life, as whoever has its token is told."""

    OPEN = "open"
    OCCUPIED = "occupied"  # open, and an upload is under way
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class InvitationId:
    """Names an invitation; harmless alone. 16 random bytes, 22 characters."""

    raw: bytes

    @classmethod
    def random(cls) -> InvitationId:
        return cls(secrets.token_bytes(ID_SIZE))

    @classmethod
    def parse(cls, text: str) -> InvitationId:
        return cls(decode(text, ID_SIZE, "id"))

    def __str__(self) -> str:
        return encode(self.raw)


def key_of(name: InvitationId) -> str:
    """Name an invitation's hash."""
    return f"ots:{{inv}}:{name}"


def stream_of(door: str) -> str:
    """Name the stream that tells a door what was handed in."""
    return f"ots:{{inv}}:handed:{door}"


@dataclass(frozen=True, slots=True)
class Token:
    """Lets one upload in; lives in the link's fragment only. Kept is its SHA-256."""

    raw: bytes = field(repr=False)

    @classmethod
    def random(cls) -> Token:
        return cls(secrets.token_bytes(KEY_SIZE))

    @classmethod
    def parse(cls, text: str) -> Token:
        return cls(decode(text, KEY_SIZE, "token"))

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.raw).digest()

    def reveal(self) -> str:
        """Spell the token out; `str` and `repr` never do."""
        return encode(self.raw)

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, as they call themselves, for what, and where they are told. Kept sealed."""

    label: str = field(repr=False)
    purpose: Purpose
    ref: SenderRef

    def seal(self, server_key: ServerKey, about: InvitationId) -> bytes:
        plain = json.dumps(asdict(self), separators=(",", ":")).encode()
        return server_key.seal(b"asking", about.raw, plain)

    @classmethod
    def open(cls, server_key: ServerKey, about: InvitationId, sealed: bytes) -> Asking:
        """Open what `seal` sealed.

        Raises:
            Corrupt: another key or invitation.
        """
        fields = json.loads(server_key.open(b"asking", about.raw, sealed))
        return cls(fields["label"], Purpose(fields["purpose"]), SenderRef.read(fields["ref"]))


@dataclass(frozen=True, slots=True)
class Invited:
    """What asking gives: where somebody may hand something in, once."""

    id: InvitationId
    token: Token
    expires_at: datetime

    def url(self, public_url: str) -> str:
        """Write `<public_url>/r/<id>#<token>`."""
        return f"{public_url.rstrip('/')}/r/{self.id}#{self.token.reveal()}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What whoever has the token, or asked, may see. `busy_for` is in seconds.

    `arrived`: something was handed in, and its link was not delivered yet.
    """

    id: InvitationId
    standing: Standing
    asking: Asking
    expires_at: datetime
    busy_for: int
    arrived: bool

    @property
    def open(self) -> bool:
        """Whether something may still be handed in."""
        return self.standing in {Standing.OPEN, Standing.OCCUPIED}


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What was handed in: the link for whoever asked, on its way through the server sealed."""

    link: Link
    kind: Kind
    size: int
    expires_at: datetime
    protected: bool

    def seal(self, server_key: ServerKey, about: InvitationId) -> bytes:
        fields = {
            "id": str(self.link.id),
            "key": self.link.key.reveal(),
            "kind": self.kind.value,
            "size": self.size,
            "expires": round(self.expires_at.timestamp() * 1000),
            "protected": self.protected,
        }
        plain = json.dumps(fields, separators=(",", ":")).encode()
        return server_key.seal(b"handed", about.raw, plain)

    @classmethod
    def open(cls, server_key: ServerKey, about: InvitationId, sealed: bytes) -> HandedIn:
        """Open what `seal` sealed.

        Raises:
            Corrupt: another key or invitation.
        """
        fields = json.loads(server_key.open(b"handed", about.raw, sealed))
        return cls(
            Link(SecretId.parse(fields["id"]), Key.parse(fields["key"])),
            Kind(fields["kind"]),
            fields["size"],
            datetime.fromtimestamp(fields["expires"] / 1000, UTC),
            fields["protected"],
        )
