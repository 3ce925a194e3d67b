"""The invariants I1 to I7 of a secret's life, and what follows for receipts and passwords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.blobs import EXPIRED, REVOKED
from tests.model.moves import OVER
from tests.model.shipped import NOTHING, NOW
from tests.model.world import VERIFIER, vanishes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.model.moves import Flow
    from tests.model.world import World

MATERIAL = {"share", "salt", "password_salt", "wrapped", "meta", "resume", "lease", "blob"}
OPENED = ("opened", "unconfirmed", "interrupted")
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Promises:
    """Judges a state by all promises, or by one."""

    flow: Flow
    only: str = ""

    def broken(self, world: World) -> str | None:
        """Name a promise that does not hold."""
        checks: tuple[Callable[[World], bool], ...] = (
            self.one_receives,
            self.what_waits_opens,
            self.the_holder_goes_on,
            self.the_latch_agrees,
            self.the_end_leaves_nothing,
            self.revoked_reached_nobody,
            self.few_evaluations,
            self.without_the_key_nothing_happens,
            self.a_claim_is_told_again,
            self.a_new_password_shuts_out,
            self.every_end_is_told_once,
            self.nothing_stays_for_ever,
        )
        judged = (check for check in checks if self.only in {"", check.__name__})
        return next((check.__name__ for check in judged if not check(world)), None)

    def one_receives(self, world: World) -> bool:
        """I1: at most one claim ever receives, also when Redis fell back."""
        return sum(page.received for page in world.pages) <= 1

    def what_waits_opens(self, world: World) -> bool:
        """I2: not latched, expired, revoked, locked: a page that comes now can open it."""
        if world.state != "ready" or self.flow.holder(world) is not None:
            return True
        record, answer = self.flow.shipped.run(world.record, "claim", VERIFIER, "somebody", "")
        if answer in (["gone", "expired"], ["locked"]) or answer[0] == "protected":
            return True
        return answer[0] == "ok" and world.files.blob and record.fields["state"] == "claimed"

    def the_holder_goes_on(self, world: World) -> bool:
        """I3: whoever has the latch can fetch every byte until the window ends."""
        holder = self.flow.holder(world)
        if holder in {None, REVOKED, EXPIRED} or world.state in OVER or world.record is NOTHING:
            return True
        record, answer = self.flow.shipped.run(world.record, "release", str(holder), "")
        if record.fields.get("state") in OVER:
            return True
        goes_on = answer[0] == "ok" and (world.files.blob or self._late(world))
        return goes_on and self._comes_back(world, str(holder))

    def _comes_back(self, world: World, holder: str) -> bool:
        """Also with the link alone, and whether or not the reply to its release came through."""
        _, answer = self.flow.shipped.run(world.record, "claim", VERIFIER, holder, "")
        if answer == ["gone", "expired"]:  # so the latch is asked
            followed = self.flow.follow(world, holder).record
            _, answer = self.flow.shipped.run(followed, "claim", VERIFIER, holder, "")
        if answer[0] == "taken":  # Redis forgot the opening, and somebody else's lease still runs
            return True
        return answer[0] in {"ok", "protected"} or (answer[0] == "opened" and bool(answer[1]))

    def the_latch_agrees(self, world: World) -> bool:
        """However a life ended, the latch says the same: no fall back can change it."""
        holder = self.flow.holder(world)
        if world.state in {REVOKED, EXPIRED}:
            return holder == world.state
        return world.state != "burned" or holder not in {None, REVOKED, EXPIRED}

    def _late(self, world: World) -> bool:
        """Only a Redis that fell back believes in a window whose bytes are gone already."""
        return world.fallen_back

    def the_end_leaves_nothing(self, world: World) -> bool:
        """I4: at the end no key material in Redis, and nowhere any bytes after one sweep."""
        if world.state not in OVER:
            return True
        if MATERIAL & world.record.fields.keys():
            return False
        # What still waits there, the next sweep deletes: settled, it knows that it may.
        _, answer = self.flow.shipped.run(world.record, "settle")
        return answer[0] == world.state and not self.flow.shred(world).files.blob

    def revoked_reached_nobody(self, world: World) -> bool:
        """I5: once the sender was told so, nobody received anything, nor ever will."""
        return not (world.sender.revoked and any(page.received for page in world.pages))

    def few_evaluations(self, world: World) -> bool:
        """I6: at most five evaluations, but for those that were right, until the sender unlocks."""
        return world.counted <= ATTEMPTS

    def without_the_key_nothing_happens(self, world: World) -> bool:
        """I7: a wrong key changes nothing, and is answered as if nothing were there."""
        run = self.flow.shipped.run
        calls = (("peek", "wrong"), ("claim", "wrong", "x", ""), ("attempt", "wrong", "x", "1"))
        return all(run(world.record, *call) == (world.record, ["missing"]) for call in calls)

    def a_claim_is_told_again(self, world: World) -> bool:
        """A lost reply never turns the claimant into a loser, and never extends the lease."""
        if world.state != "claimed":
            return True
        claim, run = world.field("claim"), self.flow.shipped.run
        settled, _ = run(world.record, "settle")
        if settled != world.record:  # the lease is over
            return True
        if world.field("profile") == "a1":
            record, answer = run(world.record, "attempt", VERIFIER, claim, "again")
            return answer[0] in {"go", "locked"}
        late = settled.but(lease=NOW + 1)
        record, answer = run(late, "claim", VERIFIER, claim, "")
        return answer[0] == "ok" and record is late

    def a_new_password_shuts_out(self, world: World) -> bool:
        """Who had fetched nothing when the password was set, and doesn't know it, never does."""
        shut_out_received = any(page.shut_out and page.received for page in world.pages)
        return world.fallen_back or not shut_out_received

    def every_end_is_told_once(self, world: World) -> bool:
        """An end has a receipt, waiting or published, and only one.

        Where Redis fell back, an opening may be told again with another word for how it ended.
        """
        waiting = {entry.rpartition(" ")[0] for entry in world.field("outbox").split(";")}
        told = {entry for entry in waiting | world.published if entry.startswith("end ")}
        if world.fallen_back:
            told = {"end opened" if entry.endswith(OPENED) else entry for entry in told}
            return len(told) <= 1
        return len(told) == (world.state in OVER or world.record is NOTHING)

    def nothing_stays_for_ever(self, world: World) -> bool:
        """A record vanishes one day, but not with receipts that nobody published."""
        if world.record is NOTHING:
            return True
        return (vanishes(world.record) < 0) == bool(world.field("outbox"))
