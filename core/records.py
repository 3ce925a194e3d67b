"""The Redis record of a secret: what is written, and each transition's answer as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from redis.exceptions import RedisError

from core.errors import (
    Duplicate,
    Gone,
    Locked,
    NotFound,
    PasswordRequired,
    Taken,
    Unavailable,
    UnlockedTooOften,
)
from core.keys import Wrapping
from core.scripts import Scripts
from core.secret import Glance, Progress, State

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from core.link import SecretId

INDEX_SHARDS = 64
NO_PASSWORD = "p0"  # noqa: S105 - the profile of a secret that has none


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
        return tuple(part for pair in named.items() for part in pair)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim that holds: key material, or what its earlier opening left for a repeat."""

    size: int
    limit: int
    meta: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    wrapping: Wrapping | None = None
    resume: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a secret stands; `due` (ms) is when to look again, 0 for never."""

    state: State
    limit: int
    due: int
    claim: str


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _refuse(answer: list[Any]) -> NoReturn:
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
            raise Taken(1)
        case _:
            raise NotFound


def _wrapping(material: list[bytes]) -> Wrapping:
    profile, share, salt, password_salt, wrapped = material
    return Wrapping(profile.decode(), share, salt, password_salt, wrapped)


class Records:
    """One method a transition. Each raises what its answer means, and Unavailable without one."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._run = Scripts(redis)

    async def create(self, secret_id: SecretId, fresh: Fresh, lifetime: int) -> datetime:
        """Commit a new secret whose blob is durable, for `lifetime` ms; answer when it expires.

        Raises:
            Duplicate: when its creation was given up meanwhile, or the id is another record's.
        """
        await self.look_again(secret_id, fresh.due)  # first: a record is never without
        answer = await self._run("create", record_key(secret_id), lifetime, *fresh.fields())
        if answer[0] != b"ok":
            raise Duplicate
        return _moment(answer[1])

    async def look_again(self, secret_id: SecretId, due: int) -> None:
        """Tell the sweeper when (ms) to look at this secret; 0: never."""
        try:
            if due:
                await self._redis.zadd(index_key(secret_id), {secret_id.raw: due})
            else:
                await self._redis.zrem(index_key(secret_id), secret_id.raw)
        except RedisError as error:
            raise Unavailable from error

    async def peek(self, secret_id: SecretId, verifier: bytes) -> Glance:
        answer = await self._run("peek", record_key(secret_id), verifier)
        if answer[0] != b"ok":
            _refuse(answer)
        _, state, profile, left, expires, size = answer
        protected = profile.decode() != NO_PASSWORD
        return Glance(State(state.decode()), protected, left, _moment(expires), int(size))

    async def attempt(
        self, secret_id: SecretId, verifier: bytes, claim: str, attempt: bytes
    ) -> tuple[Wrapping, int] | None:
        """Take one of five slots: the wrapping and the limit; None when there is no password."""
        answer = await self._run("attempt", record_key(secret_id), verifier, claim, attempt)
        if answer[0] == b"open":
            return None
        if answer[0] != b"go":
            _refuse(answer)
        return _wrapping(answer[1:6]), int(answer[6])

    async def resolve(self, secret_id: SecretId, attempt: bytes) -> int:
        """Let a wrong attempt count; answer how many are left."""
        return int(await self._run("resolve", record_key(secret_id), attempt))

    async def claim(
        self, secret_id: SecretId, verifier: bytes, claim: str, attempt: bytes = b""
    ) -> Claimed:
        """Reserve the secret; `attempt` is the slot whose password was right."""
        answer = await self._run("claim", record_key(secret_id), verifier, claim, attempt)
        match answer:
            case [b"ok", *material, size, limit, meta]:
                wrapping = _wrapping(material)
                return Claimed(int(size), int(limit), meta, wrapping.salt, wrapping)
            case [b"opened", bytes(resume), size, limit, salt, meta]:
                return Claimed(int(size), int(limit), meta, salt, resume=resume)
            case [b"opened", *_]:
                raise Gone(State.OPENED)
            case _:
                _refuse(answer)

    async def release(
        self, secret_id: SecretId, claim: str, resume: bytes = b""
    ) -> tuple[bytes, bytes]:
        """Hand out to the claim that the latch names; answer salt and sealed metadata."""
        answer = await self._run("release", record_key(secret_id), claim, resume)
        if answer[0] != b"ok":
            _refuse(answer)
        return answer[1], answer[2]

    async def touch(self, secret_id: SecretId, claim: str, sent: int, *, complete: bool) -> None:
        answer = await self._run("touch", record_key(secret_id), claim, sent, int(complete))
        if answer[0] != b"ok":
            _refuse(answer)

    async def progress(self, secret_id: SecretId, claim: str) -> Progress:
        answer = await self._run("progress", record_key(secret_id), claim)
        if answer[0] != b"ok":
            _refuse(answer)
        _, state, sent, complete, left = answer
        return Progress(State(state.decode()), sent, bool(complete), left // 1000)

    async def done(self, secret_id: SecretId, claim: str) -> int:
        """Burn what this claim opened; answer its limit."""
        answer = await self._run("done", record_key(secret_id), claim)
        if answer[0] != b"ok":
            _refuse(answer)
        return int(answer[1])

    async def inspect(self, secret_id: SecretId, proof: bytes) -> tuple[State, int]:
        """Let the sender see the state and the limit."""
        answer = await self._run("inspect", record_key(secret_id), proof)
        if answer[0] != b"ok":
            _refuse(answer)
        return State(answer[1].decode()), answer[2]

    async def revoke(self, secret_id: SecretId) -> None:
        answer = await self._run("revoke", record_key(secret_id))
        if answer[0] != b"ok":
            _refuse(answer)

    async def unlock(self, secret_id: SecretId, proof: bytes) -> None:
        """Give attempts and lapsed claims back."""
        answer = await self._run("unlock", record_key(secret_id), proof)
        if answer[0] == b"spent":
            raise UnlockedTooOften
        if answer[0] != b"ok":
            _refuse(answer)

    async def forestall(self, secret_id: SecretId) -> bool:
        """Take the id of a creation that was given up; False when it had been created."""
        return bool(await self._run("forestall", record_key(secret_id)))

    async def settle(self, secret_id: SecretId) -> Settled | None:
        """Let time pass; None without a record."""
        answer = await self._run("settle", record_key(secret_id))
        if answer[0] == b"missing":
            return None
        return Settled(State(answer[0].decode()), answer[1], answer[2], answer[3].decode())
