"""Whatever is done to secrets in whatever order: the vault answers as a page of plain Python does.

Hypothesis chooses what happens; `make soak` lets it choose for longer, and anew each time.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
)

from core import errors as e
from core.link import Claim
from core.secret import Kind, Sender
from tests.contents import gathered, pieces
from tests.stateful.clocked import clocked
from tests.stateful.model import ATTEMPTS, HOUR, LAPSES, MINUTE, WINDOW, Model, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.link import SecretId
    from core.secret import Sealed

LONG = "SOAK" in os.environ
CLAIMS = {name: Claim.random() for name in "ABC"}
ANN, BEN = Sender("telegram", "1"), Sender("telegram", "2")
CONTENT = bytes(range(256)) * 300
SMALL, LARGE = 200, len(CONTENT)  # in the record; in the store
SAYS: dict[type[e.OneTimeShareError], Callable[[Any], object]] = {
    e.Gone: lambda x: str(x.state),
    e.Taken: lambda x: x.retry_after,
    e.PasswordRequired: lambda x: x.attempts_left,
    e.WrongPassword: lambda x: x.attempts_left,
}


@dataclass
class Secret:
    """One of the vault's, and what it should be like."""

    sealed: Sealed
    content: bytes = field(repr=False)
    model: Model
    received: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Ticket:
    """What a page was given once, and may use at any time."""

    secret: Secret
    claim: str
    text: str
    revision: int


secrets = Bundle("secrets")
tickets = Bundle("tickets")
claims = st.sampled_from("ABC")
passwords = st.sampled_from([None, None, "one", "two"])


class Life(RuleBasedStateMachine):
    """Does the same to the vault and to the model, and compares every answer."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._house = self._run(self._stack.enter_async_context(clocked()))
        self._vault = self._house.vault
        self._all: list[Secret] = []
        self._told: dict[SecretId, dict[str, str]] = {}  # receipts that were read, by occasion
        self._entry = "0"

    def teardown(self) -> None:
        self._run(self._stack.aclose())
        self._runner.close()

    def _run(self, work: Awaitable[Any]) -> Any:
        async def waited() -> Any:
            return await work

        return self._runner.run(waited())

    def _both(self, model: Callable[[], object], work: Awaitable[Any]) -> Any:
        """Compare what they answer; None where both refuse for the same reason."""
        expected: tuple[object, ...] = ()
        actual: tuple[object, ...] = ()
        told = None
        try:
            model()
        except Refused as refused:
            expected = refused.args
        try:
            told = self._run(work)
        except e.OneTimeShareError as error:
            says = SAYS.get(type(error))
            actual = (type(error).__name__, *([says(error)] if says else []))
        assert actual == expected
        return None if expected else told or True

    @precondition(lambda self: len(self._all) < 2)  # so that much happens to each
    @rule(
        target=secrets,
        size=st.sampled_from([SMALL, LARGE]),
        lifetime=st.sampled_from([10 * MINUTE, 5 * HOUR, 48 * HOUR]),
        password=passwords,
    )
    def seal(self, size: int, lifetime: int, password: str | None) -> Secret:
        content = CONTENT[:size]
        work = self._vault.seal(
            pieces(content),
            kind=Kind.FILE,
            lifetime=timedelta(milliseconds=lifetime),
            password=password,
            owner=self._vault.owner(ANN),
        )
        now, longest = self._house.now, 7 * 24 * HOUR
        model = Model(now, now + lifetime, now + longest, len(content), password)
        self._all.append(Secret(self._run(work), content, model))
        return self._all[-1]

    @rule(target=tickets, secret=secrets, claim=claims, password=passwords)
    def open(self, secret: Secret, claim: str, password: str | None) -> Any:
        link = secret.sealed.link
        work = self._vault.open(link.id, link.key, CLAIMS[claim], password)
        opened = self._both(lambda: secret.model.open(claim, password), work)
        if opened is None:
            return multiple()
        assert opened.metadata.size == len(secret.content)
        return Ticket(secret, claim, opened.ticket, secret.model.revision)

    @rule(ticket=tickets, start=st.sampled_from([0, 100]), stop=st.sampled_from([None, 150]))
    def data(self, ticket: Ticket, start: int, stop: int | None) -> None:
        secret, claim = ticket.secret, CLAIMS[ticket.claim]
        end = stop or len(secret.content)

        async def fetch() -> bytes:
            fetching = self._vault.data(
                secret.sealed.link.id, claim, ticket.text, start=start, stop=stop
            )
            async with fetching as delivery:
                return await gathered(delivery)

        got = self._both(lambda: secret.model.data(ticket.claim, ticket.revision, end), fetch())
        if got is not None:
            assert got == secret.content[start:stop]
            secret.received[ticket.claim] = got

    @rule(secret=secrets, claim=claims, password=passwords)
    def take(self, secret: Secret, claim: str, password: str | None) -> None:
        """Open and fetch in one call, which may be repeated."""

        async def fetch() -> bytes:
            link = secret.sealed.link
            taking = self._vault.take(link.id, link.key, CLAIMS[claim], password)
            async with taking as (delivery, _):
                return await gathered(delivery)

        def model() -> None:
            secret.model.open(claim, password)
            secret.model.data(claim, secret.model.revision, len(secret.content))
            secret.model.resumes = True

        got = self._both(model, fetch())
        if got is not None:
            assert got == secret.content
            secret.received[claim] = got

    @rule(secret=secrets, claim=claims)
    def done(self, secret: Secret, claim: str) -> None:
        work = self._vault.done(secret.sealed.link.id, CLAIMS[claim])
        self._both(lambda: secret.model.done(claim), work)

    @rule(secret=secrets, sender=st.sampled_from([ANN, BEN]))
    def revoke(self, secret: Secret, sender: Sender) -> None:
        work = self._vault.revoke(secret.sealed.link.id, self._vault.owner(sender))
        self._both(secret.model.revoke if sender is ANN else _stranger, work)

    @rule(secret=secrets)
    def unlock(self, secret: Secret) -> None:
        work = self._vault.unlock(secret.sealed.link.id, self._vault.owner(ANN))
        self._both(secret.model.unlock, work)

    @rule(secret=secrets, lifetime=st.sampled_from([5 * MINUTE, 100 * HOUR, 168 * HOUR]))
    def reschedule(self, secret: Secret, lifetime: int) -> None:
        work = self._vault.reschedule(
            secret.sealed.link.id, self._vault.owner(ANN), timedelta(milliseconds=lifetime)
        )
        self._both(lambda: secret.model.reschedule(lifetime), work)

    @rule(secret=secrets, old=passwords, new=passwords)
    def rewrap(self, secret: Secret, old: str | None, new: str | None) -> None:
        link, proof = secret.sealed.link, self._vault.owner(ANN)
        work = self._vault.rewrap(link.id, link.key, proof, password=new, old_password=old)
        self._both(lambda: secret.model.rewrap(old, new), work)

    @rule(secret=secrets, claims=st.integers(1, 5))
    def lapse(self, secret: Secret, claims: int) -> None:
        """Pages claim and never come back."""
        for _ in range(claims):
            self.open(secret, "C", secret.model.password)
            self.wait(MINUTE)

    @rule(secret=secrets, times=st.integers(1, 4))
    def disturb(self, secret: Secret, times: int) -> None:
        """Somebody locks it again and again, and its sender unlocks it."""
        for _ in range(times):
            self.lapse(secret, LAPSES)
            self.unlock(secret)

    @rule(ticket=tickets, times=st.sampled_from([1, 30]))
    def linger(self, ticket: Ticket, times: int) -> None:
        """A page fetches a part again and again, each time just before its window ends."""
        for _ in range(times):
            self.data(ticket, 0, 150)
            self.wait(WINDOW - 1)

    @rule(secret=secrets, new=passwords)
    def change_under_a_claim(self, secret: Secret, new: str | None) -> None:
        """A page that had claimed comes back after the password was changed."""
        ticket = self.open(secret, "A", secret.model.password)
        self.wait(MINUTE)
        self.rewrap(secret, secret.model.password, new)
        if isinstance(ticket, Ticket):
            self.data(ticket, 0, None)

    @rule(span=st.sampled_from([1000, MINUTE, 14 * MINUTE, 16 * MINUTE, 2 * HOUR, 30 * HOUR]))
    def wait(self, span: int) -> None:
        self._run(self._house.move(span))
        for secret in self._all:
            secret.model.now = self._house.now

    @rule()
    def sweep(self) -> None:
        self._run(self._house.sweeper.sweep())

    @invariant()
    def one_receives(self) -> None:
        assert all(len(secret.received) <= 1 for secret in self._all)

    @invariant()
    def peek_tells_the_same(self) -> None:
        for secret in self._all:
            link, model = secret.sealed.link, secret.model
            glance = self._run(self._vault.peek(link.id, link.key))
            state = model.settle()
            state = "locked" if state == "ready" and model.locked else state
            assert (glance.state, glance.protected) == (state, model.password is not None)
            assert glance.expires_at.timestamp() * 1000 == model.expires
            if state in {"ready", "claimed", "locked"}:
                assert glance.attempts_left == ATTEMPTS - model.tries

    @invariant()
    def receipts_tell_the_same(self) -> None:
        self._run(self._house.outbox.flush())
        while found := self._run(self._house.receipts.since(self._entry)):
            self._entry = found[-1][0]
            for _, receipt in found:
                self._told.setdefault(receipt.secret_id, {})[receipt.occasion] = receipt.event.value
        told = [self._told.get(secret.sealed.link.id, {}) for secret in self._all]
        assert told == [secret.model.told for secret in self._all]


def _stranger() -> None:
    raise Refused("NotFound")


TestLife = Life.TestCase
# Where something breaks, finding the shortest way there takes its time.
TestLife.pytestmark = pytest.mark.timeout(7200 if LONG else 600)  # type: ignore[attr-defined]
TestLife.settings = settings(
    max_examples=500 if LONG else 30,
    stateful_step_count=40 if LONG else 25,
    derandomize=not LONG,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
