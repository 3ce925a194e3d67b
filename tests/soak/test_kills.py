"""kill -9 of web processes and of Redis under load: nobody receives twice, and nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
from random import Random
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector

from core.link import Link
from tests.soak.fleet import apart, together
from tests.soak.front import Front
from tests.soak.recipients import Page, Recipient, Script, Shared, content_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from typing import TypeAlias

    from tests.soak.fleet import Child, Fleet, Member

    MakeFleet: TypeAlias = "Callable[[Path, ClientSession], AbstractAsyncContextManager[Fleet]]"

LONG = "SOAK" in os.environ
WORKERS, LARGE_WORKERS = 6, 4
LARGE = 8_000_000  # bytes: more than the system's buffers take in, so a kill hits the transfer
PAUSES = (0.05, 0.8)  # seconds from one kill, and all being well again, to the next


class Load:
    """People who share and open until they are told that it is enough."""

    def __init__(self, front: Front, seed: int) -> None:
        self._front = front
        self._seed = seed
        self._number = itertools.count()
        self.enough = False
        self.shared: list[Shared] = []

    async def work(self, *, large: bool) -> None:
        while not self.enough:
            seed = f"{self._seed}/{next(self._number)}"
            rng = Random(seed)  # noqa: S311 - the order of things, not keys
            small = rng.choice([1, 1000, 300_000])
            await self._open(await self._share(seed, LARGE if large else small), rng)

    async def _share(self, seed: str, size: int) -> Shared:
        content = content_of(seed, size)
        told = await self._front.ask("/upload", content=content, headers={"OTS-Name": "x.bin"})
        shared = Shared(Link.parse(told["link"]), seed, size)
        self.shared.append(shared)
        return shared

    async def _open(self, shared: Shared, rng: Random) -> None:
        """Let two rivals loose, who may leave early; or nobody."""
        if rng.random() < 0.15:
            return
        stay = float("inf")
        rivals: list[Recipient] = []
        for _ in range(2):
            patience = rng.choice([stay, stay, stay, 0, 0.4 * shared.size, -1])
            kind = Page if patience < 0 or rng.random() < 0.5 else Script
            rivals.append(kind(self._front, shared, patience))
        await asyncio.gather(*(rival.receive() for rival in rivals))

    async def ends(self, shared: Shared) -> None:
        """Who was let in can go on to the end; else a newcomer can; and then nobody."""
        receivers = shared.receivers()
        receiver = receivers[0] if receivers else Page(self._front, shared)
        receiver.patience = float("inf")
        while not receiver.complete:
            refused = await receiver.receive()
            if refused is not None:  # by the lease of a page that came to nothing
                assert refused.status == 409, "it is gone, and nobody received it"
                await asyncio.sleep(refused.retry_after)
        late = await Script(self._front, shared).receive()
        assert late is not None
        assert late.status == 410
        assert [one.got for one in shared.recipients if one.let_in] == [shared.size]

    def breaks(self) -> int:
        """Count transfers that a kill broke and that were gone on with."""
        return sum(one.breaks for shared in self.shared for one in shared.recipients)

    def tell(self) -> None:
        """Say what happened, for the reader of the test's output."""
        receivers = [shared.receivers() for shared in self.shared]
        print(
            f"{len(receivers)} secrets, {receivers.count([])} of them still unopened,",
            f"{sum(not all(one.complete for one in some) for some in receivers)} half received,",
            f"{self.breaks()} transfers broken by a kill",
        )


async def kill_in_turn(members: list[Member | Child], rng: Random) -> AsyncIterator[int]:
    """Kill one after the other, at random moments; count."""
    for number, victim in enumerate(itertools.cycle(members), start=1):
        await asyncio.sleep(rng.uniform(*PAUSES))
        await victim.kill()
        yield number


@pytest.mark.timeout(1200 if LONG else 120)
@pytest.mark.parametrize(
    ("fleet", "kills"), [(apart, 100 if LONG else 10), (together, 30 if LONG else 5)]
)
async def test_nobody_receives_twice_and_nothing_is_lost(
    tmp_path: Path, fleet: MakeFleet, kills: int
) -> None:
    """Whatever is killed when: one claim receives each secret, whole, and nobody else a byte."""
    seed = int(os.environ.get("SOAK_SEED") or secrets.randbits(32))
    print(f"SOAK_SEED={seed}")
    rng = Random(seed)  # noqa: S311 - moments, not keys
    async with (
        ClientSession(
            connector=TCPConnector(limit=0), headers={"Accept": "application/json"}
        ) as client,
        fleet(tmp_path, client) as running,
    ):
        load = Load(Front(client, running.urls), seed)
        async with asyncio.TaskGroup() as group:
            workers = [
                group.create_task(load.work(large=number < LARGE_WORKERS))
                for number in range(WORKERS + LARGE_WORKERS)
            ]
            async for done in kill_in_turn(running.members, rng):
                hit = load.breaks()  # at least one kill must have hit a transfer
                if (done >= kills and hit) or any(worker.done() for worker in workers):
                    break  # a worker ends before it is told only by a failure
            load.enough = True
        load.tell()
        if not LONG:
            await running.end_leases()
        await asyncio.gather(*(load.ends(shared) for shared in load.shared))
