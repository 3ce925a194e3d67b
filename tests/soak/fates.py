"""What people do with a link: open it in one way or another, come too late, or never come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from core.link import Claim, Key
from tests.soak.front import Refused
from tests.soak.packed import Packed
from tests.soak.recipients import Page, Script

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random
    from typing import TypeAlias

    from tests.soak.front import Front
    from tests.soak.ledger import Entry
    from tests.soak.recipients import Recipient

    Fate: TypeAlias = "Callable[[Front, Entry, Random], Awaitable[None]]"

SLOW = 0.25  # seconds for each 64 KiB, where somebody reads slowly
LOCKS = 5  # wrong passwords


def _visitor(front: Front, entry: Entry, rng: Random) -> Recipient:
    if isinstance(entry.shared, Packed) or rng.random() < 0.6:
        return entry.visitor(front)
    return Script(front, entry.shared)


async def opened(front: Front, entry: Entry, rng: Random) -> None:
    """Open it and receive all."""
    await _visitor(front, entry, rng).receive()


async def slowly(front: Front, entry: Entry, rng: Random) -> None:
    """Read so slowly that the server has to wait."""
    await Page(front, entry.shared, pace=SLOW).receive()


async def fought_for(front: Front, entry: Entry, rng: Random) -> None:
    """Let three want it at once."""
    rivals = [_visitor(front, entry, rng) for _ in range(3)]
    await asyncio.gather(*(rival.receive() for rival in rivals))


async def broken_off(front: Front, entry: Entry, rng: Random) -> None:
    """Lose the connection halfway, and go on a little later, by Range."""
    reader = _visitor(front, entry, rng)
    reader.patience = max(1.0, 0.4 * entry.shared.size)
    if await reader.receive() is None:
        await asyncio.sleep(rng.uniform(0.1, 3))
        reader.patience = float("inf")
        await reader.receive()


async def left_halfway(front: Front, entry: Entry, rng: Random) -> None:
    """Go away in the middle; whether they come back is decided at the end of all."""
    reader = _visitor(front, entry, rng)
    reader.patience = rng.choice([0, 1, 0.4 * entry.shared.size])
    await reader.receive()


async def claimed(front: Front, entry: Entry, rng: Random) -> None:
    """Let a page claim it and come to nothing; the link is as good as before."""
    await Page(front, entry.shared, patience=-1).receive()


async def revoked(front: Front, entry: Entry, rng: Random) -> None:
    """Take it back."""
    await entry.revoke()


async def raced_for(front: Front, entry: Entry, rng: Random) -> None:
    """Take it back while somebody opens it."""

    async def open_() -> None:
        await asyncio.sleep(rng.uniform(0, 0.05))
        await _visitor(front, entry, rng).receive()

    await asyncio.gather(entry.revoke(), open_())


async def ignored(front: Front, entry: Entry, rng: Random) -> None:
    """Never come."""


FATES: dict[Fate, float] = {
    opened: 50,
    fought_for: 8,
    slowly: 2,
    broken_off: 8,
    left_halfway: 4,
    claimed: 4,
    revoked: 6,
    raced_for: 6,
    ignored: 12,
}
FOR_PACKED = {fate: FATES[fate] for fate in (opened, fought_for, revoked, raced_for, ignored)}


async def befall(front: Front, entry: Entry, rng: Random) -> None:
    """Let a link meet crawlers, guessers, and one of the fates."""
    if rng.random() < 0.3:
        await _crawl(front, entry, rng)
    if entry.shared.password:
        await _guess(front, entry, rng)
    fates = FOR_PACKED if isinstance(entry.shared, Packed) else FATES
    [fate] = rng.choices(list(fates), list(fates.values()))
    await fate(front, entry, rng)


async def _crawl(front: Front, entry: Entry, rng: Random) -> None:
    """Ask as link previews do, and as somebody who has the address alone."""
    path = f"/s/{entry.link.id}"
    for method in ("GET", "HEAD"):
        await _ask(front, 200, path, method=method)
    key = Key.random().reveal()
    await _ask(front, 404, f"{path}/peek", json={"key": key})
    await _ask(front, 404, f"/d/{entry.link.id}", json={"key": key})


async def _guess(front: Front, entry: Entry, rng: Random) -> None:
    """Try wrong passwords: sometimes so many that it is locked."""
    key = entry.link.key.reveal()
    for _ in range(rng.choice([1, 2, 4, LOCKS])):
        fields = {"key": key, "claim": Claim.random().reveal(), "password": "not this one"}
        await _ask(front, 403, f"/s/{entry.link.id}/open", json=fields)


async def _ask(front: Front, expected: int, path: str, **request: Any) -> None:
    """Ask once more until there is an answer, and compare its status."""
    status = 200
    try:
        await front.ask(path, **request)
    except Refused as refused:
        status = refused.status
    # Locked, or over: what somebody else does meanwhile.
    allowed = {expected} if expected == 200 else {expected, 410, 423}
    assert status in allowed, f"{path.rpartition('/')[2]} is answered with {status}"
