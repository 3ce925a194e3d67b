"""A secret's record in Redis: its names, what is written, what a transition answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from core.errors import Changed, Gone, Locked, NotFound, PasswordRequired, Taken
from core.keys import Wrapping
from core.link import encode
from core.secret import State, Status

if TYPE_CHECKING:
    from core.link import SecretId

INDEX_SHARDS = 64
LEASE = 60  # seconds; record.lua says the same
NO_PASSWORD = "p0"  # noqa: S105 - the profile of a secret that has none
WITH_PASSWORD = "a1"  # noqa: S105 - the profile of new secrets that have one


def record_key(secret_id: SecretId) -> str:
    """Name the record; the braces keep all keys of one secret in one cluster slot."""
    return f"ots:{{{secret_id}}}"


def index_key(secret_id: SecretId) -> str:
    """Name the sorted set that tells the sweeper when to look at the secret again."""
    return f"ots:due:{secret_id.raw[0] % INDEX_SHARDS}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Everything a new record says; times in ms, `size` in plaintext bytes with padding.

    `due` is when the sweeper looks at it first: about when it expires.
    """

    verifier: bytes = field(repr=False)
    wrapping: Wrapping
    meta: bytes = field(repr=False)
    size: int
    limit: int
    due: int
    owner: bytes = field(repr=False)
    revoke: bytes = field(repr=False)
    ref: bytes = field(repr=False)
    blob: bytes | None = field(repr=False)  # None: it lies in the blob store

    def fields(self) -> tuple[bytes | str | int, ...]:
        wrapping = self.wrapping
        named: dict[str, bytes | str | int] = {
            "v": 1,
            "verifier": self.verifier,
            "profile": wrapping.profile,
            "share": wrapping.share,
            "salt": wrapping.salt,
            "password_salt": wrapping.password_salt,
            "wrapped": wrapping.wrapped,
            "meta": self.meta,
            "size": self.size,
            "limit": self.limit,
            "revoke": self.revoke,
        }
        if self.owner:  # without one, nothing may equal it
            named["owner"] = self.owner
        if self.ref:
            named["ref"] = self.ref
        if self.blob is not None:
            named["blob"] = self.blob
        return tuple(part for pair in named.items() for part in pair)


@dataclass(frozen=True, slots=True)
class Material:
    """What a record gives to whom it lets in; without a wrapping, what an opening left over.

    `size` counts sealed plaintext bytes; `revision` counts changes of the password.
    """

    size: int
    limit: int
    revision: int
    meta: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    wrapping: Wrapping | None = None
    resume: bytes = field(default=b"", repr=False)
    blob: bytes | None = field(default=None, repr=False)

    @classmethod
    def read(cls, answer: list[bytes]) -> Material:
        """Read profile, share, salt, password salt, wrapped, size, limit, meta, revision, blob."""
        wrapping = read_wrapping(answer[:5])
        size, limit, meta, revision, *blob = answer[5:]
        fields = int(size), int(limit), int(revision), meta, wrapping.salt, wrapping
        return cls(*fields, blob=blob[0] if blob else None)

    @classmethod
    def left(cls, answer: list[bytes]) -> Material:
        """Read resume, size, limit, salt, meta, revision and blob."""
        resume, size, limit, salt, meta, revision, blob = answer
        return cls(int(size), int(limit), int(revision), meta, salt, resume=resume, blob=blob)


OVER = {State.BURNED, State.EXPIRED, State.REVOKED}


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a secret stands.

    `due` (ms) is when to look again, 0 for never; `kept` says that its blob lies in the record;
    `asks`, that its time is over, but the latch must say first that nobody has it.
    """

    state: State
    limit: int
    due: int
    kept: bool
    asks: bool

    @property
    def over(self) -> bool:
        """Whether its life has ended: nothing can be received any more."""
        return self.state in OVER and not self.asks


def own_key(owner: bytes) -> str:
    """Name the sorted set of a sender's secrets, by the sender's mark."""
    return f"ots:of:{encode(owner)}"


def read_status(secret_id: SecretId, answer: list[Any]) -> Status:
    """Read what `inspect` answers."""
    _, state, limit, profile, left, created, expires, ended, size, unlocks = answer
    return Status(
        secret_id,
        State(state.decode()),
        limit,
        protected=profile.decode() != NO_PASSWORD,
        attempts_left=left,
        created_at=moment(created),
        expires_at=moment(expires),
        ended_at=moment(ended) if ended else None,
        size=size,
        unlocks_left=unlocks,
    )


def moment(milliseconds: int) -> datetime:
    """Turn a record's time into one."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def refuse(answer: list[Any]) -> NoReturn:
    """Raise what a transition's refusal means."""
    match answer:
        case [b"gone", state]:
            raise Gone(state.decode())
        case [b"taken", left]:
            raise Taken(max(1, -(-left // 1000)))
        case [b"protected", left]:
            raise PasswordRequired(left)
        case [b"locked"]:
            raise Locked
        case [b"changed"]:
            raise Changed
        case [b"claimed"]:
            raise Taken(LEASE)
        case _:
            raise NotFound


def read_wrapping(material: list[bytes]) -> Wrapping:
    """Read a script's profile, share, salt, password salt, wrapped."""
    profile, share, salt, password_salt, wrapped = material
    return Wrapping(profile.decode(), share, salt, password_salt, wrapped)
