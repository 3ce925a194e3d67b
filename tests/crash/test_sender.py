"""A process that ends while a sender changes their mind: it happened whole or not at all.

operation   told                               not told
revoke      nobody opens, ever                 opens for anyone, or for nobody; a repeat finishes it
rewrap      the new password opens             the link alone opens, or the new password
reschedule  it expires within the hour         it expires as it did, or within the hour
unlock      anyone opens                       a repeat finishes it
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from core.errors import Gone, TooLate
from core.record import record_key
from core.secret import State
from tests.crash import operations
from tests.crash.operations import CONTENT
from tests.crash.prepared import claimed, waiting

if TYPE_CHECKING:
    from core.bootstrap import House
    from tests.crash.aftermath import Aftermath
    from tests.crash.operations import Given
    from tests.crash.stage import Stage

REVOKING = {"symlink": 1, "fsync": 1, "unlink": 1, "send": 4, "recv": 4, "write": 1}


async def revoked_for_good(after: Aftermath) -> None:
    """It is over, and neither anybody with the link nor the page with a ticket gets a byte."""
    link = after.given.secret
    await after.is_gone(link, State.REVOKED)
    with pytest.raises(Gone):
        await after.fetches(after.given)
    await after.sweep_later()
    await after.is_over(link.id)
    assert await after.ends(link.id) == {"revoked"}


async def test_revoke_that_a_recipient_overtakes(stage: Stage) -> None:
    """After a revoke that ended, the page that had claimed gets all, or nobody ever anything."""

    async def check(after: Aftermath) -> None:
        link, owner = after.given.secret, after.house.vault.owner(after.given.sender)
        if await after.latched_by(link.id) is not None:
            await revoked_for_good(after)
            return
        assert "revoked" not in after.ending
        assert await after.fetches(after.given) == CONTENT
        with pytest.raises(TooLate):
            await after.house.vault.control.revoke(link.id, owner)

    await stage.at_every_point(operations.revoke, claimed, check, least=REVOKING)


async def test_revoke_that_is_repeated(stage: Stage) -> None:
    """A sender who asks again after a revoke that ended is told yes, and it is revoked."""

    async def check(after: Aftermath) -> None:
        link, owner = after.given.secret, after.house.vault.owner(after.given.sender)
        await after.house.vault.control.revoke(link.id, owner)
        await revoked_for_good(after)

    await stage.at_every_point(operations.revoke, claimed, check, least=REVOKING)


async def test_password_is_the_old_or_the_new(stage: Stage) -> None:
    """A change of the password that ended left one of them in force, and a secret that opens."""

    async def prepare(house: House) -> Given:
        return (await waiting(house)).with_password("new")

    async def check(after: Aftermath) -> None:
        link = after.given.secret
        glance = await after.house.vault.peek(link.id, link.key)
        assert glance.protected or "rewrapped" not in after.ending
        await after.opens(link, "new" if glance.protected else None)

    await stage.at_every_point(
        operations.rewrap, prepare, check, least={"send": 2, "recv": 2, "write": 1}
    )


async def test_lifetime_is_the_old_or_the_new(stage: Stage) -> None:
    """Another lifetime is in force or not, and the sweeper knows the secret in both cases."""

    async def check(after: Aftermath) -> None:
        link = after.given.secret
        glance = await after.house.vault.peek(link.id, link.key)
        moved = glance.expires_at < datetime.now(UTC) + timedelta(hours=2)
        assert moved or "rescheduled" not in after.ending
        await after.sweep_later(orphans=False)
        await after.move(link.id, State.READY, "expires", 1)
        await after.sweep_later(orphans=False)
        await after.is_over(link.id)
        assert await after.ends(link.id) == {"expired"}

    await stage.at_every_point(
        operations.reschedule, waiting, check, least={"send": 2, "recv": 2, "write": 1}
    )


async def test_unlock_can_be_repeated(stage: Stage) -> None:
    """An unlock that ended took back nothing or all, counts once, and is finished by a repeat."""

    async def prepare(house: House) -> Given:
        given = await waiting(house)
        await house.redis.hset(record_key(given.secret.id), "lapsed", 10)
        return given

    async def check(after: Aftermath) -> None:
        link, owner = after.given.secret, after.house.vault.owner(after.given.sender)
        glance = await after.house.vault.peek(link.id, link.key)
        assert glance.state == State.READY or "unlocked" not in after.ending
        await after.house.vault.control.unlock(link.id, owner)
        assert (await after.record(link.id))["unlocked"] == b"1"
        await after.opens(link)

    await stage.at_every_point(
        operations.unlock, prepare, check, least={"send": 1, "recv": 1, "write": 1}
    )
