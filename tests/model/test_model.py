"""Every order of everything that can happen to a secret, over what ships: the promises hold.

`pytest -s` prints how much was explored. The mutants show that the exploration sees: each takes one
rule away, and a promise breaks; the message is the shortest way there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.model.birth import Birth, Nursery, born
from tests.model.explorer import Broken, Explored, explore
from tests.model.moves import Flow
from tests.model.promises import Promises
from tests.model.shipped import Shipped, volatile_redis
from tests.model.world import Page, World, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from redis import Redis

ONE, TWO, THREE = Page("c1"), Page("c2"), Page("c3")
AT_ONCE = Page("c1", at_once=True)
IGNORANT = Page("c2", password=False)  # of the password
# Parts of the model that another exploration covers, so that each stays small.
PASSWORDS = {"guess", "unlock", "change"}
AFTERWARDS = {"publish", "fall back"}


@dataclass(frozen=True, slots=True)
class Case:
    """A part of the model to explore."""

    pages: tuple[Page, ...]
    without: set[str]
    protected: bool = False
    options: Mapping[str, int | bool] = field(default_factory=dict)
    least: int = 1000  # states; fewer would mean that something keeps it from being explored


LIVES = {
    "two pages, the sender and a sweeper": Case((ONE, TWO), PASSWORDS | AFTERWARDS, least=10_000),
    "a Redis that falls back to any earlier moment": Case(
        (ONE, TWO), {*PASSWORDS, "publish", "unclaim"}, least=100_000
    ),
    "three pages and a Redis that falls back": Case(
        (ONE, TWO, THREE), {*PASSWORDS, "publish", "unclaim", "revoke", "sweep"}, least=50_000
    ),
    "one page that takes it in one piece": Case(
        (AT_ONCE, TWO), {*PASSWORDS, "publish", "fall back"}, least=10_000
    ),
    "the same, and a Redis that falls back": Case(
        (AT_ONCE, TWO), {*PASSWORDS, "publish", "unclaim", "revoke", "sweep"}, least=10_000
    ),
    "wrong passwords until the lock, and after each unlock": Case(
        (IGNORANT,),
        {"fetch", "end", "change", "revoke", "sweep", *AFTERWARDS},
        protected=True,
        options={"lapses": 0, "most_attempts": 7},
    ),
    "right and wrong passwords at once": Case(
        (ONE, IGNORANT),
        {"fetch", "end", "change", "unlock", "revoke", "sweep", *AFTERWARDS},
        protected=True,
        options={"most_attempts": 4},
    ),
    "claims that come to nothing": Case(
        (ONE,), {"fetch", "end", "guess", "change", "revoke", "sweep", "fall back"},
        options={"lapses": 99}, least=10_000,
    ),
    "another lifetime and another password": Case(
        (ONE, IGNORANT),
        {"unlock", "unclaim", "guess", "revoke", "sweep", *AFTERWARDS},
        options={"changes": 1},
    ),
    "the same on a Redis that falls back": Case(
        (IGNORANT,), {"unlock", "guess", "publish", "revoke", "sweep"},
        options={"changes": 1}, least=30_000,
    ),
    "receipts": Case((ONE,), {*PASSWORDS, "fall back"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule taken away: of the flow, or of a script (its text, and what takes its place)."""

    breaks: str
    case: Case
    flow: Mapping[str, bool] = field(default_factory=dict)
    script: Mapping[str, tuple[str, str]] = field(default_factory=dict)


_LIFE = Case((ONE, TWO), {*PASSWORDS, "publish"})
_CALM = Case((ONE, TWO), PASSWORDS | AFTERWARDS)
_GUESSES = Case(
    (IGNORANT,), {"fetch", "end", "change", "revoke", "sweep", *AFTERWARDS}, protected=True
)
_NOT_MINE = ("if state == 'claimed' and not mine then", "if state == 'claimed' then")

MUTANTS = {
    "no latch": Mutant("one_receives", Case((ONE, TWO), {*PASSWORDS, "publish", "revoke", "sweep"}),
        flow={"latched": False}),
    "revoke that skips the latch": Mutant("revoked_reached_nobody", _LIFE,
        flow={"revoke_latches": False}),
    "expiry that skips the latch": Mutant("the_latch_agrees", _LIFE,
        flow={"expiry_latches": False}),
    "release that heeds the clock": Mutant("the_holder_goes_on", _CALM,
        script={"release": ("get('state') -- whatever", "settle() -- whatever")}),
    "latch deleted at burn": Mutant("one_receives",
        Case((ONE, TWO), {*PASSWORDS, "publish", "revoke", "sweep", "time"}),
        flow={"latch_outlives": False}),
    "claim that is not idempotent": Mutant("a_claim_is_told_again", _CALM,
        script={"claim": _NOT_MINE}),
    "claim that extends its lease": Mutant("a_claim_is_told_again", _CALM,
        script={"claim": ("if not mine then\n", "if true then\n")}),
    "attempt that does not know the claim": Mutant("a_claim_is_told_again",
        Case((ONE,), {"fetch", "end", "unlock", "change", "revoke", "sweep", *AFTERWARDS},
             protected=True, options={"most_attempts": 2}),
        script={"attempt": _NOT_MINE}),
    "attempt id chosen by the client": Mutant("few_evaluations", _GUESSES,
        flow={"server_names_attempts": False}),
    "attempt counted after the evaluation": Mutant("few_evaluations", _GUESSES,
        script={"attempt": ("redis.call('HINCRBY', record, 'tries', 1)", "")}),
    "release that loses to a foreign claim": Mutant("the_holder_goes_on", _CALM,
        script={"release": ("if state == 'opened' and get",
                            "if (state == 'opened' or state == 'claimed') and get")}),
    "following that shreds": Mutant("the_holder_goes_on", _CALM,
        script={"follow": ("return {'ok'}", "shred_key() return {'ok'}")}),
    "release that keeps the share": Mutant("the_end_leaves_nothing", _CALM,
        script={"done": ("finish('burned', 'opened')", "set('state', 'burned')")}),
    "sweep that does not ask": Mutant("what_waits_opens", _CALM, flow={"sweep_asks": False}),
    "ticket that outlives its password": Mutant("a_new_password_shuts_out",
        LIVES["another lifetime and another password"], flow={"checked": False}),
    "burn without a receipt": Mutant("every_end_is_told_once",
        Case((AT_ONCE, TWO), {*PASSWORDS, "publish", "fall back"}),
        script={"burn": ("finish('burned', 'opened')", "finish('burned')")}),
    "burn that leaves the key": Mutant("the_end_leaves_nothing",
        Case((AT_ONCE, TWO), {*PASSWORDS, "publish", "fall back"}),
        script={"burn": ("finish('burned', 'opened')",
                         "set('state', 'burned') receipt('end', 'opened')")}),
    "end without a receipt": Mutant("every_end_is_told_once", _CALM,
        script={"done": ("finish('burned', 'opened')", "finish('burned')")}),
    "receipt that does not hold the record": Mutant("nothing_stays_for_ever", _CALM,
        script={"done": ("redis.call('PERSIST', record)", "")}),
    "key that is not asked for": Mutant("without_the_key_nothing_happens", _CALM,
        script={"peek": ("if not holds_key(ARGV[1]) then", "if false then")}),
}  # fmt: skip


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    """Give a Redis for the scripts."""
    with volatile_redis() as redis:
        yield redis


def explored(case: Case, flow: Flow, *, only: str = "") -> Explored[World]:
    start = waiting(flow.shipped, case.pages, protected=case.protected)
    return explore(start, flow.moves, Promises(flow, only).broken)


def flow_of(case: Case, shipped: Shipped, changes: Mapping[str, bool]) -> Flow:
    options = {"lapses": 1, **case.options, **changes}
    return Flow(shipped, without=frozenset(case.without), **options)  # type: ignore[arg-type]  # by name


def say(name: str, found: Explored[World] | Explored[Birth], shipped: Shipped) -> None:
    print(
        f"\n{name}: {found.states:,} states, {found.transitions:,} transitions, "
        f"{shipped.executed:,} distinct steps executed"
    )


@pytest.mark.timeout(600)  # the largest takes a minute of a processor
@pytest.mark.parametrize("name", LIVES)
def test_promises_hold_in_every_order(redis: Redis, tmp_path: Path, name: str) -> None:
    """No order of steps, lost replies, crashes, deadlines and lost memory breaks a promise."""
    case, shipped = LIVES[name], Shipped(redis, tmp_path / "blob")
    found = explored(case, flow_of(case, shipped, {}))
    say(name, found, shipped)
    assert found.states >= case.least


@pytest.mark.parametrize("name", MUTANTS)
def test_rule_taken_away_breaks_a_promise(redis: Redis, tmp_path: Path, name: str) -> None:
    """Each rule is needed, and the exploration sees that it is missing."""
    mutant, shipped = MUTANTS[name], Shipped(redis, tmp_path / "blob", MUTANTS[name].script)
    with pytest.raises(Broken) as broken:
        explored(mutant.case, flow_of(mutant.case, shipped, mutant.flow), only=mutant.breaks)
    print(f"\n{name}: {broken.value}")


@pytest.mark.parametrize(("tries", "sweeps"), [(2, True), (3, False)])
def test_one_event_makes_one_secret_in_every_order(
    redis: Redis, tmp_path: Path, tries: int, sweeps: bool
) -> None:
    """Tries that stall or die, and a sweeper, never leave two secrets, or one without bytes."""
    nursery = Nursery(Shipped(redis, tmp_path / "blob"), sweeps=sweeps)
    found = explore(born(tries), nursery.moves, nursery.broken)
    say(f"one event told {tries} times", found, nursery.shipped)
    assert found.states >= 500


@pytest.mark.parametrize(
    ("rule", "promise"),
    [("abandons", "one_event_one_secret"), ("forestalls", "no_live_secret_without_bytes")],
)
def test_creation_without_a_rule_breaks_a_promise(
    redis: Redis, tmp_path: Path, rule: str, promise: str
) -> None:
    """A repeat that abandons nothing, or a sweep that does not take the id first, is seen."""
    shipped = Shipped(redis, tmp_path / "blob")
    nursery = Nursery(shipped, abandons=rule != "abandons", forestalls=rule != "forestalls")
    with pytest.raises(Broken) as broken:
        explore(born(2), nursery.moves, nursery.broken)
    assert broken.value.promise == promise
