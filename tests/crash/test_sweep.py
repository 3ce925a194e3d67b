"""A process that ends while it cleans up: it deleted nothing alive, and the next one finishes.

what lies there                          after the next sweep
waiting, claimed, opened                 opens, opens a lease later, fetched again by its page
expired, window over, burned, revoked    one receipt, no key material, no bytes
bytes without a record, half-written     gone; and a creation that comes late is refused
record without bytes                     its sender was told, once
latched, which Redis forgot              nobody else opens it; its page fetches
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from core.link import SecretId
from core.record import record_key
from core.secret import State
from tests.contents import pieces
from tests.crash import operations, prepared
from tests.crash.aftermath import make_due, make_old
from tests.crash.operations import CONTENT, Given

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.settings import Settings
    from tests.crash.aftermath import Aftermath
    from tests.crash.stage import Stage

LIMIT = 4_000_000_000_000  # ms; far away


def here() -> SecretId:
    """Make an id of the index shard at which a sweep looks first."""
    return SecretId(b"\0" + secrets.token_bytes(15))


@dataclass(frozen=True, slots=True)
class Mess:
    """A secret in every state that a sweep may meet, and what crashes leave behind."""

    waiting: Given
    claimed: Given
    opened: Given
    forgotten: Given
    expired: Given
    unfinished: Given
    burned: Given
    revoked: Given
    lost: Given
    orphan: SecretId

    @property
    def over(self) -> list[tuple[Given, str]]:
        return [
            (self.expired, "expired"),
            (self.unfinished, "unconfirmed"),
            (self.burned, "opened"),
            (self.revoked, "revoked"),
        ]


async def made(house: House, settings: Settings) -> Mess:
    """Make a mess; each step of it is one that a process may have ended after."""
    mess = Mess(
        waiting=await prepared.waiting(house, secret_id=here()),
        claimed=await prepared.claimed(house, here()),
        opened=await prepared.received(house, here()),
        forgotten=await prepared.claimed(house, here()),
        expired=await prepared.waiting(house, secret_id=here()),
        unfinished=await prepared.received(house, here()),
        burned=await prepared.received(house, here()),
        revoked=await prepared.waiting(house, secret_id=here()),
        lost=await prepared.waiting(house, secret_id=here()),
        orphan=here(),
    )
    records = house.vault._records
    await house.redis.hset(record_key(mess.expired.secret.id), "expires", 1)
    await house.redis.hset(record_key(mess.unfinished.secret.id), "touched", 1)
    await records.done(mess.burned.secret.id, mess.burned.page.holder)
    await latch(house, mess.revoked, "revoked")
    await records.revoke(mess.revoked.secret.id)
    await latch(house, mess.forgotten, mess.forgotten.page.holder)
    [bytes_] = (settings.data_dir / "blobs").rglob(str(mess.lost.secret.id))
    bytes_.unlink()
    await house.blobs.put(mess.orphan, LIMIT, pieces(b"sealed"))
    half = settings.data_dir / "blobs" / "incoming" / str(here())
    half.write_bytes(b"half")
    make_old(settings)
    await make_due(house.redis)
    return mess


async def latch(house: House, given: Given, holder: str) -> None:
    secret_id = given.secret.id
    limit = int(await house.redis.hget(record_key(secret_id), "limit") or 0)
    await house.blobs.latch(secret_id, limit, holder)


async def nothing_alive_is_hurt(after: Aftermath, mess: Mess) -> None:
    for given in (mess.opened, mess.forgotten):
        await after.is_gone(given.secret, State.OPENED)
        assert await after.fetches(given) == CONTENT
    for given in (mess.waiting, mess.claimed):
        await after.opens(given.secret)


async def all_is_clean(after: Aftermath, mess: Mess) -> None:
    await after.nothing_lies_around()
    for given, told in mess.over:
        await after.is_over(given.secret.id)
        assert await after.ends(given.secret.id) == {told}
    assert await after.receipts(mess.lost.secret.id) == {"lost": {"lost"}}
    assert await after.state(mess.orphan) == State.REVOKED  # forestalled: it can't come to life


@pytest.mark.timeout(600)  # one process for each of some 200 points
async def test_sweep_hurts_nothing_alive_and_the_next_one_finishes_it(stage: Stage) -> None:
    """Wherever a sweep ends, what lives still opens, and the next sweep leaves nothing undone."""
    messes: list[Mess] = []

    async def prepare(house: House) -> Given:
        messes.append(await made(house, stage.settings))
        return messes[-1].waiting

    async def check(after: Aftermath) -> None:
        await after.sweep_later()
        await all_is_clean(after, messes[-1])
        await nothing_alive_is_hurt(after, messes[-1])

    await stage.at_every_point(
        operations.sweep,
        prepare,
        check,
        least={"unlink": 5, "send": 30, "recv": 30, "write": 1, "symlink": 1, "fsync": 1},
    )
