"""The values that pass between the doors and the vault."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from core.link import Link, SecretId


class Kind(StrEnum):
    """What is shared."""

    TEXT = "text"
    FILE = "file"


class State(StrEnum):
    """Where a secret is in its life, as whoever holds its key is told."""

    READY = "ready"
    CLAIMED = "claimed"
    LOCKED = "locked"
    OPENED = "opened"
    BURNED = "burned"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who shares: a person on one door's platform. Kept only as a keyed hash."""

    door: str
    user: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SenderRef:
    """Where a sender is told about a secret; kept only sealed, under the server's key.

    `chat` and `message` are the platform's own ids; `more` is what else a door needs there.
    """

    door: str
    chat: str = field(repr=False)
    language: str = "en"
    message: str = field(default="", repr=False)
    more: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> SenderRef:
        """Read what was written, perhaps by a newer server that says more."""
        return cls(**{one.name: written[one.name] for one in fields(cls) if one.name in written})


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is sealed beside the bytes: shown to the recipient on opening, stored in clear nowhere.

    `size` is the true length in bytes; a text's sealed bytes are padded beyond it.
    """

    name: str = field(repr=False)
    type: str
    size: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the sender gets. The revoke token is given once; only its hash is kept."""

    link: Link
    expires_at: datetime
    size: int
    revoke_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Glance:
    """What peek tells whoever holds the key. `size` counts sealed plaintext bytes, padding too."""

    state: State
    protected: bool
    attempts_left: int
    expires_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Status:
    """What a sender may see of a secret. `limit` in ms; `size` counts sealed plaintext bytes."""

    id: SecretId
    state: State
    limit: int
    protected: bool
    attempts_left: int
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    size: int
    unlocks_left: int

    @property
    def waiting(self) -> bool:
        """Whether somebody may still open it, perhaps once it is unlocked."""
        return self.state in {State.READY, State.CLAIMED, State.LOCKED}


@dataclass(frozen=True, slots=True)
class Opened:
    """What open tells the claimant: what it is, and the ticket that fetches the bytes."""

    metadata: Metadata
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the claimant's download is: bytes handed out, and whether the last one was."""

    state: State
    sent: int
    complete: bool
    seconds_left: int
