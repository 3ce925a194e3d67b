"""What recipients, senders and strangers do, each a rule that may come at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, multiple, precondition, rule

from core.link import Key
from core.secret import Kind
from tests.contents import gathered, pieces
from tests.stateful.comparison import CLAIMS, Comparison, Secret
from tests.stateful.model import HOUR, MINUTE, Model, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT = bytes(range(256)) * 300
LONGEST = 7 * 24 * HOUR  # ms that a secret may live at most
SMALL, LARGE = 200, len(CONTENT)  # in the record; in the store


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
proofs = st.sampled_from(["owner", "owner", "token", "stranger"])


class People(Comparison):
    """Does what they do to the vault and to the model."""

    @precondition(lambda self: len(self.secrets) < 4 and self.alive < 2)  # much happens to each
    @rule(
        target=secrets,
        kind=st.sampled_from(Kind),
        size=st.sampled_from([SMALL, LARGE]),
        lifetime=st.sampled_from([10 * MINUTE, 5 * HOUR, 48 * HOUR, LONGEST]),
        password=passwords,
    )
    def seal(self, kind: Kind, size: int, lifetime: int, password: str | None) -> Secret:
        self.catch_up()
        content = CONTENT[:size]
        work = self.vault.seal(
            pieces(content),
            kind=kind,
            lifetime=timedelta(milliseconds=lifetime),
            password=password,
            owner=self.owner,
        )
        now = self.house.now
        model = Model(now, now + lifetime, now + LONGEST, len(content), password)
        self.secrets.append(Secret(self.run(work), kind, content, model))
        return self.secrets[-1]

    # ── recipients ──────────────────────────────────────────────────────────────────────────

    @rule(target=tickets, secret=secrets, claim=claims, password=passwords)
    def open(self, secret: Secret, claim: str, password: str | None) -> Any:
        link, model = secret.sealed.link, secret.model
        opened = self.both(
            lambda: model.open(claim, password),
            lambda: self.vault.open(link.id, link.key, CLAIMS[claim], password),
        )
        if opened is None:
            return multiple()
        assert opened.metadata.size == len(secret.content)
        return Ticket(secret, claim, opened.ticket, model.revision)

    @rule(
        ticket=tickets,
        start=st.sampled_from([0, 100, LARGE]),
        stop=st.sampled_from([None, None, 150]),
    )
    def data(self, ticket: Ticket, start: int, stop: int | None) -> None:
        secret, end = ticket.secret, stop or len(ticket.secret.content)

        async def fetch() -> None:
            fetching = self.vault.data(
                secret.id, CLAIMS[ticket.claim], ticket.text, start=start, stop=stop
            )
            async with fetching as delivery:
                secret.received.add(ticket.claim)
                assert await gathered(delivery) == secret.content[start:stop]

        self.both(lambda: secret.model.data(ticket.claim, ticket.revision, start, end), fetch)

    @rule(secret=secrets, claim=claims, password=passwords, once=st.booleans())
    def take(self, secret: Secret, claim: str, password: str | None, once: bool) -> None:
        """Open and fetch in one call, which may be repeated unless it is `once`."""
        model = secret.model

        async def fetch() -> None:
            link = secret.sealed.link
            taking = self.vault.take(link.id, link.key, CLAIMS[claim], password, once=once)
            async with taking as (delivery, _):
                secret.received.add(claim)
                assert await gathered(delivery) == secret.content

        def taken() -> None:
            model.open(claim, password)
            model.data(claim, model.revision, 0, len(secret.content))
            model.resumes = True
            if once:
                model.done(claim)

        self.both(taken, fetch)

    @rule(secret=secrets, claim=claims)
    def progress(self, secret: Secret, claim: str) -> None:
        model = secret.model
        self.both(lambda: model.progress(claim), lambda: self.compared_progress(secret, claim))

    @rule(secret=secrets, claim=claims)
    def done(self, secret: Secret, claim: str) -> None:
        model = secret.model
        work = self.vault.done
        if self.both(lambda: model.done(claim), lambda: work(secret.id, CLAIMS[claim])):
            self.no_bytes_of_what_is_over(secret)

    @rule(secret=secrets, claim=claims, password=passwords)
    def guess_the_key(self, secret: Secret, claim: str, password: str | None) -> None:
        """Whoever has another key finds nothing, and does nothing."""
        key = Key.random()
        self.both(_nothing, lambda: self.vault.peek(secret.id, key))
        self.both(_nothing, lambda: self.vault.open(secret.id, key, CLAIMS[claim], password))

    # ── the sender ──────────────────────────────────────────────────────────────────────────

    def _wish(
        self, secret: Secret, whose: str, model: Callable[[], object], work: Callable[[bytes], Any]
    ) -> None:
        proof = secret.proof(self.owner, whose)
        self.both(_nothing if whose == "stranger" else model, lambda: work(proof))

    @rule(secret=secrets, whose=proofs)
    def revoke(self, secret: Secret, whose: str) -> None:
        self._wish(
            secret,
            whose,
            secret.model.revoke,
            lambda proof: self.vault.control.revoke(secret.id, proof),
        )

    @rule(secret=secrets, whose=proofs)
    def unlock(self, secret: Secret, whose: str) -> None:
        self._wish(
            secret,
            whose,
            secret.model.unlock,
            lambda proof: self.vault.control.unlock(secret.id, proof),
        )

    @rule(
        secret=secrets,
        whose=proofs,
        lifetime=st.sampled_from([5 * MINUTE, 100 * HOUR, LONGEST]),
    )
    def reschedule(self, secret: Secret, whose: str, lifetime: int) -> None:
        span = timedelta(milliseconds=lifetime)
        self._wish(
            secret,
            whose,
            lambda: secret.model.reschedule(lifetime),
            lambda proof: self.vault.control.reschedule(secret.id, proof, span),
        )

    @rule(secret=secrets, whose=proofs, old=passwords, new=passwords)
    def rewrap(self, secret: Secret, whose: str, old: str | None, new: str | None) -> None:
        link, rewrap = secret.sealed.link, self.vault.control.rewrap
        self._wish(
            secret,
            whose,
            lambda: secret.model.rewrap(old, new),
            lambda proof: rewrap(link.id, link.key, proof, password=new, old_password=old),
        )


def _nothing() -> None:
    raise Refused("NotFound")
