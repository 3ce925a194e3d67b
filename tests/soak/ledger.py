"""Every secret that somebody was given a link for, and how each of them ended."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tests.soak.front import Refused
from tests.soak.packed import Packed, Unpacker
from tests.soak.recipients import Page, Recipient

if TYPE_CHECKING:
    from core.link import Link
    from tests.soak.front import Front
    from tests.soak.recipients import Shared

WINDOW = 14 * 60  # seconds after the last byte in which whoever received may surely come back
AT_ONCE = 6  # secrets that are looked at side by side
OPENED, REVOKED, EXPIRED, LOCKED = "opened", "revoked", "expired", "locked"
KNOWN_AS = {OPENED: {"opened"}, REVOKED: {"revoked"}, EXPIRED: {"expired"}}


class Letter(Protocol):
    """What a sender holds: the right to revoke, and where they are told how it ended."""

    async def revoke(self) -> bool:
        """Ask until it is settled; answer whether nobody received it, and nobody ever will."""

    async def unlock(self) -> bool:
        """Give the attempts back, where this door can; answer whether it did."""

    def untold(self, outcome: str, /) -> str:
        """Say what the sender was not told, or told wrongly; nothing where all is well."""


@dataclass(slots=True)
class Entry:
    """A secret; before `until` (`time.time`) its lifetime is not over."""

    door: str
    shared: Shared
    letter: Letter
    until: float
    revoked: bool = False
    replaced: bool = False  # by another link, since its door was killed while it answered
    outcome: str = ""
    at: float = field(default_factory=time.monotonic)

    @property
    def link(self) -> Link:
        return self.shared.link

    def visitor(self, front: Front) -> Recipient:
        """Let somebody with the link come, in the page."""
        if isinstance(self.shared, Packed):
            return Unpacker(front, self.shared)
        return Page(front, self.shared)

    async def revoke(self) -> None:
        self.revoked = await self.letter.revoke() or self.revoked


class Ledger:
    """All of them."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self.entries: list[Entry] = []
        self.wrong: list[str] = []  # what may never be

    def outcomes(self) -> Counter[tuple[str, str]]:
        """Count by door and outcome."""
        return Counter((one.door, one.outcome) for one in self.entries)

    async def settle(self) -> None:
        """Find out how each stands; what can be opened is opened, and what was begun is ended."""
        waiting = iter(list(self.entries))

        async def work() -> None:
            for entry in waiting:
                try:
                    entry.outcome = await self._end(entry)
                    await self._stays(entry)
                except (Refused, AssertionError) as error:
                    # Of an assertion only what it says: it never holds content or a link.
                    self._blame(entry, f"{type(error).__name__} {error}")

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    def _blame(self, entry: Entry, what: str) -> None:
        received = [round(one.got / max(1, entry.shared.size), 2) for one in self._let_in(entry)]
        marks = [name for name in ("revoked", "replaced") if getattr(entry, name)]
        age = round(time.monotonic() - entry.at)
        self.wrong.append(f"{entry.door}, {age} s old, {marks}, received {received}: {what}")

    def _let_in(self, entry: Entry) -> list[Recipient]:
        return entry.shared.receivers()

    async def _end(self, entry: Entry) -> str:
        receivers = self._let_in(entry)
        assert len(receivers) <= 1, "two were let in"
        if entry.revoked:
            assert not receivers, "somebody received what was revoked"
            return REVOKED
        if receivers:
            return await self._complete(receivers[0])
        return await self._open(entry)

    async def _complete(self, receiver: Recipient) -> str:
        """Let whoever began come back for the rest."""
        receiver.patience = float("inf")
        if not receiver.complete:
            over = time.monotonic() - receiver.last > WINDOW
            try:
                await receiver.receive()
            except Refused as refused:
                if not over or refused.status != 410:
                    raise
        return OPENED

    async def _open(self, entry: Entry) -> str:
        """Open what nobody received, or be told a good reason why not."""
        visitor = entry.visitor(self._front)
        while (refused := await visitor.receive()) is not None:
            if refused.status == 409:  # claimed by a page that came to nothing
                await asyncio.sleep(max(1, refused.retry_after))
            elif refused.status == 423:
                assert entry.shared.password, "locked, and it has no password"
                if not await entry.letter.unlock():
                    return LOCKED
            else:
                return self._reason(entry, refused)
        return OPENED

    def _reason(self, entry: Entry, refused: Refused) -> str:
        if refused.state == EXPIRED:
            early = entry.until - time.time()
            assert early < 1, f"it expired {early:.0f} s early"
            return EXPIRED
        assert refused.state == REVOKED, f"nobody received it, and it is {refused.state}"
        assert entry.replaced, "it is revoked, and nobody asked for that"
        return REVOKED

    async def _stays(self, entry: Entry) -> None:
        """Make sure that from now on the holder of the key is told the truth, and gets nothing."""
        if entry.outcome == LOCKED:
            return
        told = await self._front.ask(
            f"/s/{entry.link.id}/peek", json={"key": entry.link.key.reveal()}
        )
        same = told["state"] in KNOWN_AS[entry.outcome]
        assert same, f"it was {entry.outcome}, and people are told: {told['state']}"
        late = entry.visitor(self._front)
        refused = await late.receive()
        assert refused is not None, "it opened once more"
        assert refused.status == 410
