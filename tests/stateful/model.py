"""The life of a secret on one page: what a vault must answer, whatever it is made of.

Times are ms. A refusal is the name of its error and what it says: ("Gone", "opened").
"""

from __future__ import annotations

from dataclasses import dataclass, field

MINUTE, HOUR = 60_000, 3_600_000
LEASE, WINDOW, LONGEST_WINDOW, TOMBSTONE = MINUTE, 15 * MINUTE, 6 * HOUR, 24 * HOUR
ATTEMPTS, HELD, LAPSES, UNLOCKS = 5, 3, 10, 3
OVER = {"burned", "expired", "revoked"}


class Refused(Exception):
    """What the vault should have raised."""


@dataclass
class Model:
    """One secret. `now` is moved by whoever uses it."""

    now: int
    expires: int
    limit: int
    size: int
    password: str | None
    state: str = "ready"
    revision: int = 0
    claim: str = ""
    lease: int = 0
    tries: int = 0
    lapsed: int = 0
    unlocked: int = 0
    opened: int = 0
    touched: int = 0
    sent: int = 0
    complete: bool = False
    resumes: bool = False  # the claimant may open again with the link alone
    kept: int = 0  # when even the tombstone vanishes
    told: dict[str, str] = field(default_factory=dict)  # receipts, each occasion once

    def __post_init__(self) -> None:
        self.kept = self.expires + LEASE + TOMBSTONE

    def settle(self) -> str:
        """Do what the clock decided since somebody last looked; say how it stands."""
        if self.vanished:
            raise Refused("NotFound")
        if self.state == "claimed" and self.now >= self.lease:
            self.state, self.claim, self.lapsed = "ready", "", self.lapsed + 1
            if self.lapsed >= HELD:
                self.told.setdefault(f"held:{self.unlocked}", "held")
        if self.due:
            return "expired"
        if self.state == "ready" and self.locked:
            self.told.setdefault(f"locked:{self.unlocked}", "locked")
        if self.state == "opened" and self.now >= self.window_end:
            self.end("burned", "unconfirmed" if self.complete else "interrupted")
        return "opened" if self.state == "burned" else self.state

    @property
    def due(self) -> bool:
        """Whether its time is over, though nobody asked the latch yet, which alone may end it."""
        return self.state == "ready" and self.now >= self.expires

    def asked(self) -> str:
        """Settle, and ask the latch where it is due."""
        state = self.settle()
        if self.due:
            self.end("expired", "expired")
        return state

    def end(self, state: str, kind: str) -> None:
        self.state, self.told["end"], self.kept = state, kind, self.now + TOMBSTONE

    @property
    def vanished(self) -> bool:
        return self.now >= self.kept

    @property
    def locked(self) -> bool:
        return self.tries >= ATTEMPTS or self.lapsed >= LAPSES

    @property
    def window_end(self) -> int:
        return min(self.touched + WINDOW, self.opened + LONGEST_WINDOW)

    def open(self, claim: str, password: str | None) -> None:
        """Claim; a password costs an attempt unless it is right."""
        state, mine = self.asked(), self.claim == claim
        if self.state in OVER or (state == "opened" and not (mine and self.resumes)):
            raise Refused("Gone", state)
        if state == "opened":
            return
        if state == "claimed" and not mine:
            raise Refused("Taken", -(-(self.lease - self.now) // 1000))
        if self.locked:
            raise Refused("Locked")
        if self.password is not None and not password:
            raise Refused("PasswordRequired", ATTEMPTS - self.tries)
        self.evaluate(password)
        if not mine:
            self.state, self.claim, self.lease = "claimed", claim, self.now + LEASE

    def evaluate(self, password: str | None) -> None:
        if self.password is not None and password != self.password:
            self.tries += 1
            self.settle()
            raise Refused("WrongPassword", ATTEMPTS - self.tries)

    def data(self, claim: str, revision: int, start: int, stop: int) -> None:
        """Hand out up to `stop`: who is first has it, whoever claimed meanwhile."""
        state = self.asked()
        if self.state in OVER or (state == "opened" and self.claim != claim):
            raise Refused("Gone", state)
        if state != "opened" and revision != self.revision:
            raise Refused("Changed")
        if start >= self.size:
            raise Refused("OutOfRange", self.size)
        if state != "opened":
            self.state, self.claim, self.opened = "opened", claim, self.now
            self.kept = self.now + LONGEST_WINDOW + TOMBSTONE
        self.touched = self.now
        if start <= self.sent:  # what comes behind a gap counts for nothing
            self.sent, self.complete = max(self.sent, stop), self.complete or stop == self.size

    def progress(self, claim: str) -> tuple[str, int, bool, int]:
        """The state, how far it is, whether that is all, and seconds until the window ends."""
        state = self.settle()
        if self.claim != claim:
            raise Refused("NotFound")
        left = self.window_end - self.now if self.state == "opened" else 0
        return state, self.sent, self.complete, left // 1000

    def done(self, claim: str) -> None:
        state = self.settle()
        if self.claim != claim or state != "opened":
            raise Refused("NotFound")
        if self.state == "opened":
            self.end("burned", "opened")

    def still_the_senders(self, *, claimed: bool = False) -> None:
        """What a sender may change only while nobody has it (nor, `claimed`, is about to)."""
        state = self.settle()
        if state == "opened":
            raise Refused("TooLate")
        if state in OVER:
            raise Refused("Gone", state)
        if claimed and state == "claimed":
            raise Refused("Taken", LEASE // 1000)

    def revoke(self) -> None:
        if self.settle() != "revoked":
            self.still_the_senders()
            self.end("revoked", "revoked")

    def reschedule(self, lifetime: int) -> None:
        self.still_the_senders(claimed=True)
        self.expires = min(self.now + lifetime, self.limit)
        self.kept = self.expires + LEASE + TOMBSTONE

    def rewrap(self, old: str | None, new: str | None) -> None:
        self.still_the_senders(claimed=True)
        if self.password is not None and not old:
            raise Refused("PasswordRequired", ATTEMPTS - self.tries)
        if self.password is not None and self.locked:
            raise Refused("Locked")
        self.evaluate(old)
        self.password, self.revision = new, self.revision + 1

    def unlock(self) -> None:
        state = self.settle()
        if state in OVER or state == "opened":
            raise Refused("Gone", state)
        if not self.locked:
            return
        if self.unlocked >= UNLOCKS:
            raise Refused("UnlockedTooOften")
        self.unlocked, self.tries, self.lapsed = self.unlocked + 1, 0, 0
