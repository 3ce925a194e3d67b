"""Whatever is done to secrets in whatever order: the vault answers as a page of plain Python does.

Hypothesis chooses what happens; `make soak` lets it choose for longer, and anew each time.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from core.embedded import embedded_redis
from tests.stateful.model import ATTEMPTS, LAPSES, MINUTE, UNLOCKS, WINDOW
from tests.stateful.people import LONGEST, People, Ticket, claims, passwords, secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stateful.comparison import Secret

LONG = "SOAK" in os.environ
SPANS = [1000, MINUTE // 2, MINUTE, WINDOW - MINUTE, WINDOW + MINUTE, 120 * MINUTE, 1800 * MINUTE]


class Life(People):
    """People, the clock, the sweeper, lost replies; and what takes many steps to come to."""

    @rule(span=st.sampled_from(SPANS))
    def wait(self, span: int) -> None:
        self.pass_unseen(span)

    @rule()
    def sweep(self) -> None:
        """One round leaves no bytes of what is over."""
        self.catch_up()
        self.run(self.house.sweeper.sweep())
        for secret in self.secrets:
            if not secret.model.vanished:
                secret.model.asked()
                self.no_bytes_of_what_is_over(secret)

    @precondition(lambda self: self.last is not None)
    @rule()
    def repeat(self) -> None:
        """Somebody whose answer was lost asks the same again."""
        assert self.last is not None
        self.both(*self.last)

    @initialize(lost=st.booleans())
    def lose_replies(self, lost: bool) -> None:
        """In every other life each step's first reply from Redis is lost."""
        self.house.scripts.repeats = lost

    @rule()
    def forget_scripts(self) -> None:
        """Redis has none, as after its start."""
        self.run(self.house.redis.script_flush())

    @rule(secret=secrets, times=st.integers(1, ATTEMPTS))
    def guess(self, secret: Secret, times: int) -> None:
        """Somebody with the link guesses the password."""
        for _ in range(times):
            self.open(secret, "C", "three")

    @rule(secret=secrets, claims=st.integers(1, LAPSES))
    def lapse(self, secret: Secret, claims: int) -> None:
        """Pages claim and never come back."""
        for _ in range(claims):
            self.open(secret, "C", secret.model.password)
            self.pass_unseen(MINUTE)

    @rule(secret=secrets, times=st.integers(1, UNLOCKS + 1), guesses=st.booleans())
    def disturb(self, secret: Secret, times: int, guesses: bool) -> None:
        """Somebody locks it again and again, and its sender unlocks it."""
        for _ in range(times):
            if guesses:
                self.guess(secret, ATTEMPTS)
            else:
                self.lapse(secret, LAPSES)
            self.unlock(secret, "owner")

    @rule(secret=secrets, claim=claims)
    def receive(self, secret: Secret, claim: str) -> None:
        """A page does all that it should, a part of it twice, and says that it has everything."""
        ticket = self.open(secret, claim, secret.model.password)
        if isinstance(ticket, Ticket):
            self.data(ticket, 0, None)
            self.data(ticket, 0, 150)
            self.progress(secret, claim)
        self.done(secret, claim)

    @rule(secret=secrets, claim=claims, prolonged=st.booleans())
    def come_late(self, secret: Secret, claim: str, prolonged: bool) -> None:
        """A page claims in the last second of the lifetime, and may still receive in the next."""
        if prolonged:
            self.pass_unseen(MINUTE)
            self.reschedule(secret, "owner", LONGEST)
        self.catch_up()
        self.pass_unseen(max(0, secret.model.expires - self.house.now - 1000))
        ticket = self.open(secret, claim, secret.model.password)
        self.pass_unseen(1000)
        if isinstance(ticket, Ticket):
            self.data(ticket, 0, None)

    @rule(secret=secrets, claim=claims)
    def insist(self, secret: Secret, claim: str) -> None:
        """A page opens it twice, which is no longer lease, and asks too late how far it is."""
        for _ in range(2):
            self.open(secret, claim, secret.model.password)
            self.pass_unseen(MINUTE // 2)
        self.progress(secret, claim)

    @rule(secret=secrets, claim=claims, times=st.sampled_from([1, 30]))
    def linger(self, secret: Secret, claim: str, times: int) -> None:
        """A page fetches a part again and again, each time just before its window ends."""
        ticket = self.open(secret, claim, secret.model.password)
        for _ in range(times * isinstance(ticket, Ticket)):
            self.data(ticket, 0, 150)
            self.pass_unseen(WINDOW - 1)

    @rule(secret=secrets, claim=claims, new=passwords)
    def change_under_a_claim(self, secret: Secret, claim: str, new: str | None) -> None:
        """The sender waits for a page's lease to end; it comes back after the password changed."""
        if secret.model.password:
            self.guess(secret, 1)
        ticket = self.open(secret, claim, secret.model.password)
        self.reschedule(secret, "owner", 5 * MINUTE)
        self.rewrap(secret, "owner", secret.model.password, new)
        self.pass_unseen(MINUTE)
        self.rewrap(secret, "owner", secret.model.password, new)
        if isinstance(ticket, Ticket):
            self.data(ticket, 0, None)


@pytest.fixture
def engine() -> Iterator[tuple[asyncio.Runner, Redis]]:
    """Run one loop and one Redis for all the lives."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        url = runner.run(stack.enter_async_context(embedded_redis(Path(folder))))
        yield runner, runner.run(stack.enter_async_context(Redis.from_url(url)))
        runner.run(stack.aclose())


# Where something breaks, finding the shortest way there takes its time.
@pytest.mark.timeout(7200 if LONG else 600)
def test_every_answer_is_the_models(engine: tuple[asyncio.Runner, Redis]) -> None:
    """Vault and model never differ, in any life that Hypothesis can think of."""
    run_state_machine_as_test(
        lambda: Life(*engine),  # type: ignore[arg-type]  # any factory does
        settings=settings(
            max_examples=3000 if LONG else 150,
            stateful_step_count=50 if LONG else 30,
            derandomize=not LONG,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
