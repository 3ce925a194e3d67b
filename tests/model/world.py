"""One state of everything: the record, the files, what each process and person knows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.model.shipped import NOTHING, NOW, VANISHES, Files, Record, Shipped

HOUR = 60 * 60 * 1000
VERIFIER, OWNER = "verifier", "owner"


@dataclass(frozen=True, slots=True)
class Page:
    """A recipient's page, and the requests of it that a server may still be working on.

    What was once learned is never forgotten: so every request may stall and go on much later,
    and a crash is just a request that never goes on.
    """

    claim: str
    password: bool = True  # whether it knows the password, should there be one
    at_once: bool = False  # it takes all in one piece, and is done with that
    answered: frozenset[int] = frozenset()  # revisions at which a claim was granted
    tickets: frozenset[int] = frozenset()  # revisions of the tickets that it was given
    checked: bool = False
    follows: str | None = None  # a holder of the latch whom the record must follow
    won: bool = False
    released: bool = False
    received: bool = False
    shut_out: bool = False  # by a password that it doesn't know


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender's requests, which may stall as well."""

    may_revoke: bool = False
    won: bool = False
    revoked: bool = False  # and was told so
    follows: str | None = None
    read: frozenset[int] = frozenset()  # revisions whose material was read
    free: bool = False  # saw that nobody has the latch
    rewrapped: int = 0
    rescheduled: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """A state; `saved` is an earlier record that Redis may fall back to."""

    record: Record
    files: Files
    pages: tuple[Page, ...]
    sender: Sender = Sender()
    sweeps: bool = False  # a sweeper is about to delete the bytes
    saved: Record = NOTHING
    fallen_back: bool = False
    published: frozenset[str] = frozenset()  # `occasion kind` of each receipt
    evaluating: frozenset[tuple[str, str]] = frozenset()  # attempts with a page each
    attempts: int = 0
    counted: int = 0  # evaluations since the last unlock that gave no slot back

    @property
    def state(self) -> str:
        return self.field("state")

    def field(self, name: str) -> str:
        return self.record.fields.get(name, "")

    def page(self, index: int, **changes: object) -> World:
        pages = list(self.pages)
        pages[index] = replace(pages[index], **changes)  # type: ignore[arg-type]  # by name
        return replace(self, pages=tuple(pages))

    def send(self, **changes: object) -> World:
        return replace(self, sender=replace(self.sender, **changes))  # type: ignore[arg-type]


def waiting(shipped: Shipped, pages: tuple[Page, ...], *, protected: bool = False) -> World:
    """Begin with a secret that was just created."""
    fields = {
        "verifier": VERIFIER,
        "owner": OWNER,
        "profile": "a1" if protected else "p0",
        "share": "share 0",
        "salt": "salt 0",
        "password_salt": "password salt 0",
        "wrapped": "wrapped 0",
        "meta": "meta 0",
        "blob": "sealed",
        "size": "10",
        "limit": str(NOW + 24 * HOUR),
    }
    flat = [part for pair in fields.items() for part in pair]
    record, answer = shipped.run(NOTHING, "create", HOUR, *flat)
    if answer[0] != "ok":
        raise ValueError(answer)
    return World(record, Files(blob=True), pages)


def vanishes(record: Record) -> int:
    """Tell when (ms) Redis drops a record, -1 for never."""
    return int(record.fields[VANISHES])
