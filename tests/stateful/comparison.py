"""A vault and its secrets' models, side by side: answers are compared, and what they leave."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant

from core import errors as e
from core.draft import token_proof
from core.link import KEY_SIZE, Claim, decode
from core.secret import Kind, Sender
from tests.stateful.clocked import clocked
from tests.stateful.model import ATTEMPTS, OVER, UNLOCKS, Model, Refused

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from core.link import SecretId
    from core.secret import Sealed

    Work: TypeAlias = Callable[[], Awaitable[Any]]

ANN = Sender("telegram", "1")
CLAIMS = {name: Claim.random() for name in "ABC"}
BLOCK = 1024  # what texts are padded to
OPENS = {b"share", b"wrapped", b"password_salt"}  # key material that the first byte shreds
NAMES = {b"salt", b"meta", b"resume", b"blob"}  # what goes at the end at the latest
SAYS: dict[type[e.OneTimeShareError], Callable[[Any], object]] = {
    e.Gone: lambda x: str(x.state),
    e.Taken: lambda x: x.retry_after,
    e.PasswordRequired: lambda x: x.attempts_left,
    e.WrongPassword: lambda x: x.attempts_left,
    e.OutOfRange: lambda x: x.size,
}


@dataclass
class Secret:
    """One of the vault's, and what it should be like."""

    sealed: Sealed
    kind: Kind
    content: bytes = field(repr=False)
    model: Model
    received: set[str] = field(default_factory=set)  # claims

    @property
    def id(self) -> SecretId:
        return self.sealed.link.id

    @property
    def sealed_size(self) -> int:
        size = len(self.content)
        return -(-size // BLOCK) * BLOCK if self.kind is Kind.TEXT else size

    def proof(self, owner: bytes, whose: str) -> bytes:
        """Show what the `owner` or the holder of the `token` has, or what a `stranger` tries."""
        token = token_proof(decode(self.sealed.revoke_token, KEY_SIZE, "token"))
        return {"owner": owner, "token": token, "stranger": bytes(32)}[whose]


class Comparison(RuleBasedStateMachine):
    """Does the same to the vault and to the model."""

    def __init__(self, runner: asyncio.Runner, redis: Redis) -> None:
        super().__init__()
        self._runner = runner
        self._stack = AsyncExitStack()
        self.house = self.run(self._stack.enter_async_context(clocked(redis)))
        self.vault = self.house.vault
        self.owner = self.vault.owner(ANN)
        self.secrets: list[Secret] = []
        self.last: tuple[Callable[[], object], Work] | None = None
        self._ahead = 0
        self._told: dict[SecretId, dict[str, str]] = {}  # receipts that were read, by occasion
        self._entry = "0"

    @property
    def alive(self) -> int:
        """How many secrets are not over."""
        return sum(secret.model.state not in OVER for secret in self.secrets)

    def teardown(self) -> None:
        self.run(self._stack.aclose())

    def run(self, work: Awaitable[Any]) -> Any:
        async def waited() -> Any:
            return await work

        return self._runner.run(waited())

    def pass_unseen(self, milliseconds: int) -> None:
        """Let time pass without anybody looking: whatever is done next is the first to see it."""
        self._ahead += milliseconds

    def catch_up(self) -> None:
        ahead, self._ahead = self._ahead, 0
        if ahead:
            self.run(self.house.move(ahead))
            for secret in self.secrets:
                secret.model.now = self.house.now

    def both(self, model: Callable[[], object], work: Work) -> Any:
        """Compare how they refuse; None where both do, for the same reason."""
        self.last = model, work
        self.catch_up()
        expected: tuple[object, ...] = ()
        actual: tuple[object, ...] = ()
        told = None
        try:
            model()
        except Refused as refused:
            expected = refused.args
        try:
            told = self.run(work())
        except e.OneTimeShareError as error:
            says = SAYS.get(type(error))
            actual = (type(error).__name__, *([says(error)] if says else []))
        assert actual == expected, f"{actual} is not {expected}"
        return None if expected else told or True

    async def compared_progress(self, secret: Secret, claim: str) -> None:
        told = await self.vault.progress(secret.id, CLAIMS[claim])
        if secret.model.state not in OVER:  # afterwards nobody waits for more
            assert astuple(told) == secret.model.progress(claim), told

    def no_bytes_of_what_is_over(self, secret: Secret) -> None:
        lie = self.run(self.house.blobs.has(secret.id, secret.model.limit))
        assert not (lie and secret.model.state in OVER)

    @invariant()
    def one_receives(self) -> None:
        assert all(len(secret.received) <= 1 for secret in self.secrets)

    @invariant()
    def both_sides_are_told_the_same(self) -> None:
        """What a recipient's peek and the sender's list say is what the model says."""
        for secret in self.secrets:
            link, model = secret.sealed.link, secret.model
            if model.vanished:
                with pytest.raises(e.NotFound):
                    self.run(self.vault.peek(link.id, link.key))
                continue
            state = model.settle()
            state = "locked" if state == "ready" and model.locked else state
            glance = self.run(self.vault.peek(link.id, link.key))
            status = self.run(self.vault.control.status(link.id, self.owner))
            assert glance.size == status.size == secret.sealed_size
            for seen in (glance, status):
                assert (seen.state, seen.protected) == (state, model.password is not None)
                assert seen.expires_at.timestamp() * 1000 == model.expires
                if status.waiting:
                    assert seen.attempts_left == ATTEMPTS - model.tries
            assert status.unlocks_left == UNLOCKS - model.unlocked

    @invariant()
    def the_page_is_told_how_far_it_is(self) -> None:
        for secret in self.secrets:
            model = secret.model
            if not model.vanished and model.settle() in {"claimed", "opened"}:
                self.run(self.compared_progress(secret, model.claim))

    @invariant()
    def receipts_tell_the_same(self) -> None:
        self.run(self.house.outbox.flush())
        while found := self.run(self.house.receipts.since(self._entry)):
            self._entry = found[-1][0]
            for _, receipt in found:
                told = self._told.setdefault(receipt.secret_id, {})
                # Told twice only where the first reply was lost, and then the same.
                assert self.house.scripts.repeats or receipt.occasion not in told
                assert told.setdefault(receipt.occasion, receipt.event.value) == receipt.event
        told_all = [self._told.get(secret.id, {}) for secret in self.secrets]
        assert told_all == [secret.model.told for secret in self.secrets]

    @invariant()
    def records_keep_what_they_may(self) -> None:
        """No key material after its time (I4), and a tombstone for a day."""
        for secret in self.secrets:
            key, state = f"ots:{{{secret.id}}}", secret.model.state
            if secret.model.vanished:
                continue
            fields = set(self.run(self.house.redis.hkeys(key)))
            assert not (fields & OPENS and state in OVER | {"opened"})
            assert not (fields & NAMES and state in OVER)
            assert self.run(self.house.redis.pexpiretime(key)) == secret.model.kept
