"""Everything that can happen to a waiting secret. A move is one atomic step of the shipped code.

Each function yields the name of a move and the world after it. A reply that is lost is a move of
its own: what the step did stays, and nobody learned of it. A crash needs none: whoever crashed just
makes no more moves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.blobs import EXPIRED, REVOKED
from tests.model.shipped import NOTHING, NOW
from tests.model.world import HOUR, OWNER, VERIFIER, vanishes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.model.shipped import Record, Shipped
    from tests.model.world import World

    Moves = Iterator[tuple[str, "World"]]

OVER = {"burned", "expired", "revoked"}


@dataclass(frozen=True, slots=True)
class Flow:
    """The order in which the vault takes its steps; a mutant leaves one out."""

    shipped: Shipped
    latched: bool = True
    revoke_latches: bool = True
    expiry_latches: bool = True
    checked: bool = True
    latch_outlives: bool = True
    sweep_asks: bool = True
    server_names_attempts: bool = True
    lapses: int = 2
    changes: int = 0
    most_attempts: int = 8
    without: frozenset[str] = frozenset()

    def moves(self, world: World) -> Moves:
        """Yield all moves, but for those that this exploration leaves to another."""
        for name, part in _OF_PAGES.items():
            if name not in self.without:
                for index in range(len(world.pages)):
                    yield from part(self, world, index)
        for name, whole in _OF_OTHERS.items():
            if name not in self.without:
                yield from whole(self, world)

    def latch(self, world: World, claim: str) -> tuple[World, str | None]:
        if not self.latched:
            return world, claim
        files, holder = self.shipped.latch(world.files, claim)
        return replace(world, files=files), holder

    def shred(self, world: World) -> World:
        if not self.latch_outlives:
            # The latch goes first, and the process ends before the bytes are deleted.
            return replace(world, files=replace(world.files, latch=None))
        return replace(world, files=replace(world.files, blob=False))

    def follow(self, world: World, holder: str) -> World:
        """Let the record follow the latch."""
        script = {REVOKED: ("revoke",), EXPIRED: ("expire",)}.get(holder, ("follow", holder))
        record, _ = self.shipped.run(world.record, *script)
        return replace(world, record=record)

    def holder(self, world: World) -> str | None:
        return self.shipped.holder(world.files) if self.latched else None


def _open(flow: Flow, world: World, index: int) -> Moves:
    page = world.pages[index]
    record, answer = flow.shipped.run(world.record, "claim", VERIFIER, page.claim, "")
    after = replace(world, record=record)
    yield f"{page.claim} claims, reply lost", after
    if answer[0] in {"ok", "opened"} and answer[1] is not None:
        yield f"{page.claim} claims", after.page(index, answered=page.answered | {int(answer[-2])})
        yield f"{page.claim} claims to take it in one call", after.page(index, checked=True)
    holder = flow.holder(world)
    for revision in page.answered - page.tickets:
        if holder in {None, page.claim}:
            tickets = page.tickets | {revision}
            yield f"{page.claim} sees no latch", world.page(index, tickets=tickets)
        else:
            yield f"{page.claim} sees a latch", world.page(index, follows=holder)


def _unclaim(flow: Flow, world: World, index: int) -> Moves:
    page = world.pages[index]
    if page.answered:
        record, _ = flow.shipped.run(world.record, "unclaim", page.claim)
        yield f"{page.claim} unclaims", replace(world, record=record)


def _fetch(flow: Flow, world: World, index: int) -> Moves:
    page = world.pages[index]
    for revision in page.tickets:
        record, answer = flow.shipped.run(world.record, "check", page.claim, revision)
        mine = answer[0] == "changed" and flow.holder(world) == page.claim
        if answer[0] == "ok" or mine or not flow.checked:
            yield f"{page.claim} checks", replace(world, record=record).page(index, checked=True)
    if page.checked:
        after, holder = flow.latch(world, page.claim)
        yield f"{page.claim} latches, reply lost", after
        if holder == page.claim:
            yield f"{page.claim} latches", after.page(index, won=True)
        elif holder is not None:
            yield f"{page.claim} loses the latch", after.page(index, follows=holder)
    if page.follows is not None:
        yield f"{page.claim} follows the latch", flow.follow(world, page.follows)
    if page.won:
        record, answer = flow.shipped.run(world.record, "release", page.claim, "resume")
        yield f"{page.claim} releases, reply lost", replace(world, record=record)
        if answer[0] == "ok":
            yield f"{page.claim} releases", replace(world, record=record).page(index, released=True)
        if page.at_once:
            yield f"{page.claim} receives it in one piece", world.page(index, received=True)


def _end(flow: Flow, world: World, index: int) -> Moves:
    page = world.pages[index]
    if page.released:
        yield f"{page.claim} receives", world.page(index, received=True)
    if page.received:
        for complete in (0, 1):
            record, _ = flow.shipped.run(
                world.record, "touch", page.claim, 0, 5 * complete, complete
            )
            yield f"{page.claim} touches {complete}", replace(world, record=record)
        record, answer = flow.shipped.run(world.record, "done", page.claim)
        after = replace(world, record=record)
        yield f"{page.claim} is done, its process ends", after
        if answer[0] == "ok":
            yield f"{page.claim} is done", flow.shred(after)
        if page.at_once:
            record, answer = flow.shipped.run(world.record, "burn", page.claim)
            after = replace(world, record=record)
            yield f"{page.claim} has it in one piece, its process ends", after
            if answer[0] == "ok":
                yield f"{page.claim} has it in one piece", flow.shred(after)


def _guess(flow: Flow, world: World, index: int) -> Moves:
    page, shipped = world.pages[index], flow.shipped
    if world.field("profile") == "a1" and world.attempts < flow.most_attempts:
        attempt = str(world.attempts) if flow.server_names_attempts else page.claim
        record, answer = shipped.run(world.record, "attempt", VERIFIER, page.claim, attempt)
        after = replace(world, record=record, attempts=world.attempts + 1)
        yield f"{page.claim} asks for a slot, reply lost", after
        if answer[0] == "go":
            busy = world.evaluating | {(attempt, page.claim)}
            counted = world.counted + 1
            yield f"{page.claim} evaluates", replace(after, evaluating=busy, counted=counted)
    for attempt, claim in world.evaluating:
        if claim != page.claim:
            continue
        after = replace(world, evaluating=world.evaluating - {(attempt, claim)})
        if not page.password:
            record, _ = shipped.run(world.record, "resolve", attempt)
            yield f"{page.claim} was wrong", replace(after, record=record)
            continue
        record, answer = shipped.run(world.record, "claim", VERIFIER, page.claim, attempt)
        slot = f"attempt:{attempt}" in world.record.fields
        after = replace(after, record=record, counted=world.counted - slot)
        yield f"{page.claim} was right, its process ends", after
        if answer[0] == "ok":
            granted = page.answered | {int(answer[-2])}
            yield f"{page.claim} was right", after.page(index, answered=granted)
            yield f"{page.claim} was right, in one call", after.page(index, checked=True)


def _revoke(flow: Flow, world: World) -> Moves:
    sender, shipped = world.sender, flow.shipped
    record, answer = shipped.run(world.record, "inspect", OWNER)
    if answer[0] == "ok" and answer[1] not in {"opened", "expired"} and not sender.may_revoke:
        yield "the sender may revoke", replace(world, record=record).send(may_revoke=True)
    if sender.may_revoke:
        after, holder = world, REVOKED
        if flow.revoke_latches:
            after, holder = flow.latch(world, REVOKED)  # type: ignore[assignment]  # or None
        yield "the sender latches, reply lost", after
        if holder == REVOKED:
            yield "the sender latches", after.send(won=True)
        elif holder is not None:
            yield "the sender loses the latch", after.send(follows=holder)
    if sender.follows is not None:
        yield "the sender follows the latch", flow.follow(world, sender.follows)
    if sender.won:
        record, answer = shipped.run(world.record, "revoke")
        after = replace(world, record=record)
        yield "the sender revokes, its process ends", after
        if answer[0] == "ok":
            yield "the sender is told revoked", flow.shred(after).send(revoked=True)


def _unlock(flow: Flow, world: World) -> Moves:
    if world.field("unlocked") != "3" and "locked" in world.field("told"):
        record, _ = flow.shipped.run(world.record, "unlock", OWNER)
        gave_back = record.fields.get("unlocked", "") != world.field("unlocked")
        counted = 0 if gave_back else world.counted
        yield "the sender unlocks", replace(world, record=record, counted=counted)


def _change(flow: Flow, world: World) -> Moves:
    sender, shipped = world.sender, flow.shipped
    if sender.rescheduled < flow.changes:
        for lifetime in (HOUR // 2, 48 * HOUR):
            record, answer = shipped.run(world.record, "reschedule", OWNER, lifetime)
            if answer[0] == "ok" and record is not world.record:
                after = replace(world, record=record)
                count = sender.rescheduled + 1
                yield "the sender reschedules", after.send(rescheduled=count)
    if sender.rewrapped < flow.changes:
        yield from _rewrap(flow, world)


def _rewrap(flow: Flow, world: World) -> Moves:
    sender = world.sender
    record, answer = flow.shipped.run(world.record, "material", VERIFIER, OWNER)
    if answer[0] == "ok" and int(answer[-1]) < flow.changes:
        read = sender.read | {int(answer[-1])}
        yield "the sender reads", replace(world, record=record).send(read=read)
    if sender.read and flow.holder(world) is None:
        yield "the sender sees no latch", world.send(free=True)
    for revision in sender.read if sender.free else ():
        mark = f"{revision + 1}"
        fresh = ("a1", f"share {mark}", f"salt {mark}", f"ps {mark}", f"wrapped {mark}", "meta")
        arguments = (VERIFIER, OWNER, revision, "", *fresh)
        record, answer = flow.shipped.run(world.record, "rewrap", *arguments)
        after = replace(world, record=record)
        yield "the sender rewraps, reply lost", after
        if answer[0] == "ok":
            after = after.send(rewrapped=sender.rewrapped + 1)
            for index, page in enumerate(world.pages):
                if not page.password and not page.checked:
                    after = after.page(index, shut_out=True)
            yield "the sender rewraps", after


def _sweep(flow: Flow, world: World) -> Moves:
    record, answer = flow.shipped.run(world.record, "settle")
    state = str(answer[0])
    if record.fields.get("state") in OVER or not flow.sweep_asks:
        yield "a sweeper settles", replace(world, record=record, sweeps=True)
    elif record != world.record:
        yield "a sweeper settles", replace(world, record=record)
    if state == "expired" and record.fields["state"] != state:
        yield from _expire(flow, replace(world, record=record))
    if state in {"ready", "claimed"}:
        holder_now = flow.holder(world)
        if holder_now is not None:
            follows = flow.follow(replace(world, record=record), holder_now)
            yield "a sweeper follows the latch", follows
    if world.sweeps:
        yield "a sweeper shreds", flow.shred(world)


def _expire(flow: Flow, world: World) -> Moves:
    after, holder = world, EXPIRED
    if flow.expiry_latches:
        after, holder = flow.latch(world, EXPIRED)  # type: ignore[assignment]  # or None
    yield "it expires by the latch, its process ends", after
    if holder is not None:
        yield "it expires, or the record follows the latch", flow.follow(after, holder)


def _publish(flow: Flow, world: World) -> Moves:
    outbox = world.field("outbox")
    if not outbox:
        return
    entries = {" ".join(entry.split(" ")[:2]) for entry in outbox.split(";")[:-1]}
    record, _ = flow.shipped.run(world.record, "published", outbox)
    published = world.published | entries
    yield "the outbox is published, its process ends", replace(world, published=published)
    yield "the outbox is published", replace(world, record=record, published=published)


def _time(flow: Flow, world: World) -> Moves:
    state, shipped = world.state, flow.shipped
    deadlines: dict[str, Callable[[], Record]] = {}
    if state == "claimed" and int(world.field("lapsed") or 0) < flow.lapses:
        deadlines["the lease is over"] = lambda: world.record.but(lease=NOW - 1)
    if state in {"ready", "claimed"}:
        deadlines["its time is over"] = lambda: world.record.but(expires=NOW - 1)
    if state == "opened":
        deadlines["the window is over"] = lambda: world.record.but(touched=NOW - HOUR)
    for name, let_pass in deadlines.items():
        yield name, replace(world, record=let_pass())
    record, _ = shipped.run(world.record, "settle")
    if record != world.record:
        yield "somebody looks", replace(world, record=record)
    if state in OVER and vanishes(world.record) >= 0:
        yield "the record vanishes", replace(world, record=NOTHING)


def _fall_back(flow: Flow, world: World) -> Moves:
    if world.fallen_back:
        return
    if world.saved is NOTHING and world.record is not NOTHING:
        yield "Redis may fall back to here", replace(world, saved=world.record)
    elif world.saved not in {NOTHING, world.record}:
        yield (
            "Redis falls back",
            replace(world, record=world.saved, saved=NOTHING, fallen_back=True),
        )


_OF_PAGES = {"open": _open, "unclaim": _unclaim, "fetch": _fetch, "end": _end, "guess": _guess}
_OF_OTHERS = {
    "revoke": _revoke,
    "unlock": _unlock,
    "change": _change,
    "sweep": _sweep,
    "publish": _publish,
    "time": _time,
    "fall back": _fall_back,
}
