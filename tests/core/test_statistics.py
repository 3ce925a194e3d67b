"""What is counted, how often, and that it is still known after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.allowance import OPENS
from core.bootstrap import open_vault
from core.clock import now_ms
from core.errors import Unavailable, WrongPassword
from core.link import Claim
from core.receipts import Waiting
from core.secret import Kind, SenderRef
from core.statistics import HOUR, KEPT, Statistics, total
from tests.contents import pieces, received
from tests.core.test_outbox import outbox_apart
from tests.core.test_receipts import record, shared

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.redis_pipe import Argument
    from core.settings import Settings


async def live(house: House) -> None:
    """Let one secret be guessed at and opened, and another be revoked."""
    vault = house.vault
    sealed = await vault.seal(pieces(b"x" * 2000), kind=Kind.TEXT, password="right")
    link, claim = sealed.link, Claim.random()
    with pytest.raises(WrongPassword):
        await vault.open(link.id, link.key, claim, "wrong")
    await received(vault, link.id, link.key, claim, "right")
    await vault.done(link.id, claim)
    ref = SenderRef("telegram", "7")
    sealed = await vault.seal(pieces(b"y"), kind=Kind.TEXT, owner=b"me", ref=ref)
    await vault.control.revoke(sealed.link.id, b"me")
    house.statistics.refused(OPENS)


async def test_what_happened_is_counted_once_and_outlives_a_restart(settings: Settings) -> None:
    """Each event of a life counts once, also with its receipt told twice and processes in turn."""
    for _ in range(2):
        async with open_vault(settings) as house:
            await live(house)
            await house.outbox.flush()
    async with open_vault(settings) as house:
        counted = total((await house.statistics.hours()).values())
    assert counted == {
        "sealed:web": 2,
        "sealed:telegram": 2,
        "opened": 2,
        "revoked": 2,
        "wrong_passwords": 2,
        "limit_hits": 2,
        "limit_hit:opens": 2,
        "bytes_in": 2 * (2048 + 1024),
        "bytes_out": 2 * 2048,
    }


async def test_receipt_that_two_processes_publish_counts_once(house: House) -> None:
    """Whoever takes a receipt out of the record counts it, and nobody else."""
    link, owner = await shared(house)
    held = b"held:0 held %d;" % now_ms()
    await house.redis.hset(record(link), "outbox", held)
    for _ in range(2):
        outbox = outbox_apart(house)
        outbox.add(link.id, Waiting(held, owner, b""))
        await outbox.flush()
    assert total((await house.statistics.hours(2)).values())["held"] == 1


async def test_batch_whose_answer_is_lost_counts_once(house: House) -> None:
    """A flush that failed is repeated as it was; what came meanwhile follows."""
    scripts = house.vault._records._run

    class Deaf:
        lost = True

        async def __call__(self, name: str, key: str, *arguments: Argument) -> None:
            await scripts(name, key, *arguments)
            if self.lost:
                self.lost = False
                raise Unavailable

    statistics = Statistics(Deaf())  # type: ignore[arg-type]  # all of it that a flush uses
    statistics.count("opened", 3)
    with pytest.raises(Unavailable):
        await statistics.flush()
    statistics.count("opened", 4)
    await statistics.flush()
    await statistics.flush()
    assert total((await house.statistics.hours(2)).values()) == {"opened": 7}


async def test_counts_are_kept_for_ninety_days(house: House) -> None:
    """An hour vanishes by itself when it is older than what is shown."""
    house.statistics.count("opened")
    await house.statistics.flush()
    [hour] = [key.decode() for key in await house.redis.keys("ots:hour:*")]  # type: ignore[union-attr]  # bytes, as set up
    vanishes = await house.redis.pexpiretime(hour)
    assert vanishes == (int(hour.rpartition(":")[2]) + KEPT + 1) * HOUR
