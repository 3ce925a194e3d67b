"""Everything that can happen while one event of a platform becomes one secret, told repeatedly.

Several tries handle the same event, each with a secret of its own; each may stall or die
anywhere, and a sweeper walks by. Steps and lost replies are moves as in `moves`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.blobs import REVOKED
from tests.model.shipped import NOTHING, NOW, Files
from tests.model.world import HOUR, OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.shipped import Record, Shipped

    Moves = Iterator[tuple[str, "Birth"]]

LEASE, REMEMBER = 30_000, HOUR
FIELDS = {"verifier": "v", "owner": OWNER, "profile": "p0", "limit": str(NOW + 24 * HOUR)}
BLOB, NO_FILES = Files(blob=True), Files()


@dataclass(frozen=True, slots=True)
class Try:
    """One handling of the event; what it learned it never forgets, so it may stall anywhere."""

    name: str  # a digit, that also names its secret
    record: Record = NOTHING
    files: Files = NO_FILES
    began: bool = False
    ends: str = ""  # the tries that must be abandoned first
    existed: bool = False  # the first of them had a record
    latched: bool = False
    put: bool = False
    created: bool = False
    told: bool = False
    missed: bool = False  # a sweeper saw bytes without a record
    condemned: bool = False  # a sweeper is about to delete the bytes


@dataclass(frozen=True, slots=True)
class Birth:
    """The event's mark and its tries."""

    tries: tuple[Try, ...]
    mark: Record = NOTHING

    def but(self, index: int, **changes: object) -> Birth:
        tries = list(self.tries)
        tries[index] = replace(tries[index], **changes)  # type: ignore[arg-type]  # by name
        return replace(self, tries=tuple(tries))


def born(tries: int) -> Birth:
    """Begin with nothing but tries that may come."""
    return Birth(tuple(Try(str(number)) for number in range(tries)))


@dataclass(frozen=True, slots=True)
class Nursery:
    """Moves and promises; a mutant leaves a step out."""

    shipped: Shipped
    abandons: bool = True
    forestalls: bool = True
    sweeps: bool = True

    def moves(self, birth: Birth) -> Moves:
        """Yield all moves."""
        parts = (self._begin, self._abandon, self._create, *([self._sweep] * self.sweeps))
        for index in range(len(birth.tries)):
            for part in parts:
                yield from part(birth, index)
        if birth.mark.fields.get("state") == "working" and birth.mark.fields["until"] > str(NOW):
            yield "the try's lease is over", replace(birth, mark=birth.mark.but(until=NOW - 1))

    def _begin(self, birth: Birth, index: int) -> Moves:
        one = birth.tries[index]
        if one.began:
            return
        arguments = (one.name, LEASE, REMEMBER)
        mark, answer = self.shipped.run(birth.mark, "begin", *arguments)
        after = replace(birth, mark=mark)
        yield f"{one.name} begins, reply lost", after
        if answer[0] == "ours":
            ends = answer[1] if self.abandons else ""
            yield f"{one.name} begins", after.but(index, began=True, ends=ends)

    def _abandon(self, birth: Birth, index: int) -> Moves:
        one = birth.tries[index]
        if not one.ends:
            return
        other = int(one.ends[0])
        old, left = birth.tries[other], {"ends": one.ends[1:], "existed": False, "latched": False}
        record, answer = self.shipped.run(old.record, "forestall")
        after = birth.but(other, record=record)
        yield f"{one.name} forestalls, reply lost", after
        changes = left if answer == [1] else {"existed": True}
        yield f"{one.name} forestalls", after.but(index, **changes)
        if one.existed:
            _, answer = self.shipped.run(old.record, "inspect", OWNER)
            if answer[0] == "missing":
                yield f"{one.name} has nothing to revoke", birth.but(index, **left)
            files, holder = self.shipped.latch(old.files, REVOKED)
            if holder == REVOKED and answer[0] == "ok":
                yield f"{one.name} latches", birth.but(other, files=files).but(index, latched=True)
        if one.latched:
            record, answer = self.shipped.run(old.record, "revoke")
            after = birth.but(other, record=record)
            yield f"{one.name} revokes, reply lost", after
            if answer[0] == "ok":
                files = replace(old.files, blob=False)
                yield f"{one.name} revokes", after.but(other, files=files).but(index, **left)

    def _create(self, birth: Birth, index: int) -> Moves:
        one = birth.tries[index]
        if one.began and not one.ends and not one.put:
            yield f"{one.name} puts", birth.but(index, put=True, files=BLOB)
        if one.put and not one.created:
            flat = [part for pair in FIELDS.items() for part in pair]
            record, answer = self.shipped.run(one.record, "create", HOUR, *flat)
            after = birth.but(index, record=record)
            yield f"{one.name} creates, reply lost", after
            if answer[0] == "ok":
                yield f"{one.name} creates", after.but(index, created=True)
            else:
                files = replace(one.files, blob=False)
                yield f"{one.name} comes too late", after.but(index, files=files)
        if one.created and not one.told:
            yield f"{one.name} tells its sender", birth.but(index, told=True)
        if one.told:
            mark, _ = self.shipped.run(birth.mark, "keep", one.name, "answered", LEASE)
            yield f"{one.name} is answered", replace(birth, mark=mark)
        elif one.began:
            mark, _ = self.shipped.run(birth.mark, "keep", one.name, "failed", LEASE)
            yield f"{one.name} fails", replace(birth, mark=mark)

    def _sweep(self, birth: Birth, index: int) -> Moves:
        one = birth.tries[index]
        if one.files.blob and one.record is NOTHING:
            yield f"a sweeper misses the record of {one.name}", birth.but(index, missed=True)
        if one.missed and not self.forestalls:
            yield "a sweeper is sure", birth.but(index, condemned=True)
        elif one.missed:
            record, answer = self.shipped.run(one.record, "forestall")
            sure = one.condemned or answer == [1]
            yield "a sweeper forestalls", birth.but(index, record=record, condemned=sure)
        if one.condemned:
            files = replace(one.files, blob=False)
            yield f"a sweeper shreds {one.name}", birth.but(index, files=files)

    def broken(self, birth: Birth) -> str | None:
        """Name a promise that does not hold."""
        alive = [one for one in birth.tries if one.record.fields.get("state") == "ready"]
        # Whoever took over ends the others before it makes its own.
        if sum(one.created or one.put for one in alive) > 1:
            return "one_event_one_secret"
        latched = any(one.latched for one in birth.tries)
        if any(not one.files.blob for one in alive) and not latched:
            return "no_live_secret_without_bytes"
        answered = birth.mark.fields.get("state") == "answered"
        if answered and not any(one.told for one in birth.tries):
            return "answered_means_told"
        return None
