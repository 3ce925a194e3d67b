"""What is looked at after a restart: the house opened anew, Redis, the disk, the receipts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from core.errors import Gone
from core.link import Claim, Link, SecretId
from core.record import record_key
from core.secret import State
from tests.contents import gathered, received

if TYPE_CHECKING:
    from pathlib import Path

    from core.bootstrap import House
    from core.redis_cluster import AnyRedis
    from core.settings import Settings
    from tests.crash.operations import Given
    from tests.crash.stage import Ending

HOUR = 3600
LIVE = {State.READY, State.CLAIMED, State.OPENED}
OVER = {State.BURNED, State.EXPIRED, State.REVOKED}
KEY_MATERIAL = {"share", "wrapped", "password_salt", "resume", "salt", "meta", "lease", "blob"}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The house after the restart, and what the dead process was about and had told."""

    house: House
    settings: Settings
    given: Given
    ending: Ending

    # ── the record, the latch, the bytes ────────────────────────────────────────────────────

    async def record(self, secret_id: SecretId) -> dict[str, bytes]:
        found = cast("dict[bytes, bytes]", await self.house.redis.hgetall(record_key(secret_id)))
        return {name.decode(errors="replace"): value for name, value in found.items()}

    async def state(self, secret_id: SecretId) -> State:
        return State((await self.record(secret_id))["state"].decode())

    async def latched_by(self, secret_id: SecretId) -> str | None:
        limit = int((await self.record(secret_id))["limit"])
        return await self.house.blobs.holder(secret_id, limit)

    def files(self) -> list[Path]:
        """List every file among the blobs that holds bytes."""
        root = self.settings.data_dir / "blobs"
        return [path for path in root.rglob("*") if path.is_file() and path.stat().st_size]

    # ── time ────────────────────────────────────────────────────────────────────────────────

    async def move(self, secret_id: SecretId, state: State, field: str, moment: int) -> None:
        """Move a time of a record that is in this state, and of none in another."""
        if await self.state(secret_id) == state:
            await self.house.redis.hset(record_key(secret_id), field, moment)

    async def lease_passes(self, secret_id: SecretId) -> None:
        await self.move(secret_id, State.CLAIMED, "lease", 1)

    async def window_passes(self, secret_id: SecretId) -> None:
        await self.move(secret_id, State.OPENED, "touched", 1)

    async def sweep_later(self, *, orphans: bool = True) -> None:
        """Sweep once, when all bytes are old and it is time to look at all that is indexed.

        Without a walk over all bytes for orphans, as most rounds are, only the index tells.
        """
        make_old(self.settings)
        await make_due(self.house.redis)
        await self.house.sweeper.sweep(orphans=orphans)

    # ── invariants ──────────────────────────────────────────────────────────────────────────

    async def opens(self, link: Link, password: str | None = None) -> None:
        """I2: anyone with the link opens it, at the latest one lease later."""
        await self.lease_passes(link.id)
        got = await received(self.house.vault, link.id, link.key, Claim.random(), password)
        assert got == self.given.content

    async def is_gone(self, link: Link, state: State) -> None:
        """I1, I5: nobody else receives a byte, also when the lease is over."""
        await self.lease_passes(link.id)
        with pytest.raises(Gone) as gone:
            await self.house.vault.open(link.id, link.key, Claim.random())
        assert gone.value.state == state

    async def fetches(self, given: Given) -> bytes:
        """Fetch all bytes with the ticket that the page has."""
        link = given.secret
        async with self.house.vault.data(link.id, given.page, given.ticket) as delivery:
            return await gathered(delivery)

    async def is_over(self, secret_id: SecretId) -> None:
        """I4: no key material, no bytes anywhere, one end in the receipts."""
        record = await self.record(secret_id)
        assert State(record["state"].decode()) in OVER
        assert KEY_MATERIAL & set(record) == set()
        assert [path for path in self.files() if path.name.startswith(str(secret_id))] == []
        assert "outbox" not in record
        assert len(await self.ends(secret_id)) == 1

    async def receipts(self, secret_id: SecretId) -> dict[str, set[str]]:
        """Map the occasions of which the sender was told to what; each may be told twice."""
        occasions: dict[str, set[str]] = {}
        last = "0"
        while entries := await self.house.receipts.since(last):
            last = entries[-1][0]
            for _, receipt in entries:
                if receipt.secret_id == secret_id:
                    occasions.setdefault(receipt.occasion, set()).add(receipt.event.value)
        return occasions

    async def ends(self, secret_id: SecretId) -> set[str]:
        return (await self.receipts(secret_id)).get("end", set())

    async def nothing_lies_around(self) -> None:
        """No bytes without a record that is still alive, and nothing half-written."""
        for path in self.files():
            assert path.parent.name != "incoming"
            assert await self.state(SecretId.parse(path.name.partition(".")[0])) in LIVE


async def make_due(redis: AnyRedis) -> None:
    """Let it be time to look at every secret that the sweeper knows of."""
    async for index in redis.scan_iter("ots:due:*"):
        for raw in cast("list[bytes]", await redis.zrange(index, 0, -1)):
            await redis.zadd(index, {raw: 1}, xx=True)


def make_old(settings: Settings) -> None:
    """Let all bytes have been written an hour ago."""
    for path in (settings.data_dir / "blobs").rglob("*"):
        then = path.lstat().st_mtime - HOUR
        os.utime(path, (then, then), follow_symlinks=False)
