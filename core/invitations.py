"""The steps of an invitation's life, each one atomic in Redis and safe to repeat.

    open ── take ──▶ (one upload has the place, for a lease that it renews) ── hand ──▶ used
      │                 └── hold(0) when it fails, or the lease's end: open again
      ├── withdraw ──▶ revoked
      └── time over, nobody in the place ──▶ expired

All invitations share one slot of a cluster, unlike secrets: using one up and telling its door are
one step then, and nothing can be lost between them. They are few.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from core.errors import BadLifetime, Closed, NotFound, Occupied
from core.invitation import (
    Asking,
    Invitation,
    InvitationId,
    Invited,
    Standing,
    Token,
    key_of,
    stream_of,
)
from core.language import N_, _
from core.link import ID_SIZE, SecretId, encode
from core.policy import SHORTEST_LIFETIME, clean_label
from core.record import moment

if TYPE_CHECKING:
    from core.invitation import Purpose
    from core.keys import ServerKey
    from core.policy import Policy
    from core.scripts import Scripts
    from core.secret import SenderRef

LEASE = 30_000  # ms that an upload which died keeps the place
LIFETIME = timedelta(days=1)
MOST_LISTED = 100
NOBODY = N_("Somebody")  # who gave no name


class Taken:
    """The place that one upload has: who asked, and whose secrets may be left of dead uploads."""

    def __init__(self, asking: Asking, owner: bytes, earlier: bytes) -> None:
        self.asking = asking
        self.owner = owner
        starts = range(0, len(earlier), ID_SIZE)
        self.earlier = [SecretId(earlier[start : start + ID_SIZE]) for start in starts]


def called(label: str) -> str:
    """Say who asks, to whoever shall hand something in."""
    return _(label) if label == NOBODY else label


class Invitations:
    """Invitations in Redis. Every method raises Unavailable when it does not answer."""

    def __init__(self, scripts: Scripts, server_key: ServerKey) -> None:
        self._run = scripts
        self._server_key = server_key

    # ── whoever asks ────────────────────────────────────────────────────────────────────────

    async def create(  # noqa: PLR0913 - who asks, for what, for how long
        self,
        owner: bytes,
        ref: SenderRef,
        *,
        purpose: Purpose,
        policy: Policy,
        label: str = "",
        lifetime: timedelta | None = None,
        name: InvitationId | None = None,
    ) -> Invited:
        """Make an invitation; `label` is what its page calls whoever asks, `name` its id.

        Raises:
            BadLabel: longer than 60 characters.
            BadLifetime: shorter than a minute, or longer than a secret may live.
        """
        granted = min(LIFETIME, policy.max_lifetime) if lifetime is None else lifetime
        if not SHORTEST_LIFETIME <= granted <= policy.max_lifetime:
            raise BadLifetime(SHORTEST_LIFETIME, policy.max_lifetime)
        name, token = name or InvitationId.random(), Token.random()
        asking = Asking(clean_label(label) or NOBODY, purpose, ref)
        answer = await self._run(
            *("invite", key_of(name), round(granted.total_seconds() * 1000), _list_of(owner)),
            *(name.raw, "v", 1, "token", token.digest, "owner", owner),
            *("asking", asking.seal(self._server_key, name)),
        )
        return Invited(name, token, moment(answer[1]))

    async def of_owner(self, owner: bytes) -> list[Invitation]:
        """List what somebody asked for, the latest to expire first; what ended stays a day."""
        [found] = await self._run.together(("ZREVRANGE", _list_of(owner), 0, MOST_LISTED - 1))
        names = [InvitationId(raw) for raw in found]
        if not names:
            return []
        answers = await self._run.together(*(("inquire", key_of(one), owner) for one in names))
        pairs = zip(names, answers, strict=True)
        return [self._read(one, answer) for one, answer in pairs if answer[0] == b"ok"]

    async def amend(self, name: InvitationId, owner: bytes, asking: Asking) -> bool:
        """Note anew where whoever asks is told; False when they did not ask."""
        sealed = asking.seal(self._server_key, name)
        return bool(await self._run("amend", key_of(name), owner, sealed))

    async def revoke(self, name: InvitationId, owner: bytes) -> None:
        """Revoke an invitation; an upload under way comes to nothing.

        Raises:
            NotFound: no such invitation, or not theirs.
            Closed: it was used, or is over.
        """
        answer = await self._run("withdraw", key_of(name), owner)
        if answer[0] != b"ok":
            _refuse(answer)

    async def forget(self, owner: bytes) -> None:
        """Drop the list of what somebody asked for."""
        await self._run.together(("DEL", _list_of(owner)))

    # ── whoever hands in ────────────────────────────────────────────────────────────────────

    async def inquire(self, name: InvitationId, proof: bytes) -> Invitation:
        """Tell whoever has the token (its digest), or asked (the mark). Changes nothing.

        Raises:
            NotFound: no such invitation, or another token.
        """
        answer = await self._run("inquire", key_of(name), proof)
        if answer[0] != b"ok":
            _refuse(answer)
        return self._read(name, answer)

    async def take(self, name: InvitationId, token: Token, taker: SecretId) -> Taken:
        """Take the one place, for the upload whose secret gets the id `taker`.

        Raises:
            NotFound: no such invitation, or another token.
            Occupied: another upload has the place.
            Closed: it was used, revoked, or is over.
        """
        answer = await self._run("take", key_of(name), token.digest, taker.raw, LEASE)
        if answer[0] != b"ok":
            _refuse(answer)
        _, asking, owner, earlier = answer
        return Taken(Asking.open(self._server_key, name, asking), owner, earlier)

    async def stay(self, name: InvitationId, taker: SecretId) -> bool:
        """Keep the place for another lease; False when it was lost."""
        return bool(await self._run("hold", key_of(name), taker.raw, LEASE))

    async def leave(self, name: InvitationId, taker: SecretId) -> None:
        """Give the place back: the upload failed, and left nothing."""
        await self._run("hold", key_of(name), taker.raw, 0)

    async def hand(self, name: InvitationId, taker: SecretId, door: str, sealed: bytes) -> None:
        """Use the invitation up: the secret exists, and its sealed link waits for the door.

        Raises:
            NotFound, Occupied, Closed: the place was lost meanwhile; the secret must go.
        """
        step = ("hand", key_of(name), taker.raw, name.raw, stream_of(door), sealed)
        answer = await self._run(*step)
        if answer[0] != b"ok":
            _refuse(answer)

    def _read(self, name: InvitationId, answer: list[Any]) -> Invitation:
        _, state, busy, expires, asking, arrived = answer
        standing = Standing.OCCUPIED if busy else Standing(state.decode())
        opened = Asking.open(self._server_key, name, asking)
        left, waits = -(-busy // 1000), bool(arrived)
        return Invitation(name, standing, opened, moment(expires), left, waits)


def _list_of(owner: bytes) -> str:
    return f"ots:{{inv}}:of:{encode(owner)}"


def _refuse(answer: list[Any]) -> NoReturn:
    match answer:
        case [b"over", state]:
            raise Closed(state.decode())
        case [b"busy", left]:
            raise Occupied(max(1, -(-left // 1000)))
        case _:
            raise NotFound
