"""What is limited counts in the step that does it: both happen, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.allowance import OPENS, UPLOADS, Allowance
from core.draft import KEPT, SMALL
from core.errors import NotFound, RateLimited, WrongPassword
from core.gate import Gate
from core.limits import Limits, Windows
from core.link import Claim, Key, SecretId
from core.record import index_key, record_key
from core.secret import Kind, State
from tests.contents import pieces, received
from tests.core.test_limits import Disk

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.permit import Permit
    from core.secret import Sealed

PASSWORD = "four words of mine"
TEXT = b"kept"


def limits_of(house: House, **allowed: int) -> Limits:
    return Limits(Windows(house.scripts), house.vault.server_key, Allowance(**allowed))


async def handed_in(house: House, permit: Permit, secret_id: SecretId) -> Sealed:
    drafting = house.vault.draft(pieces(TEXT), kind=Kind.TEXT, secret_id=secret_id)
    async with drafting as draft:
        draft.permit = permit
        return await house.vault.commit(draft)


async def test_secret_too_many_is_not_written(house: House) -> None:
    """Of the second of one there is no record, and no word to the sweeper."""
    limits = limits_of(house, uploads_per_hour=1)
    first, second = SecretId.random(), SecretId.random()
    permits = limits.permit(UPLOADS, "a"), limits.permit(UPLOADS, "a")
    link = (await handed_in(house, permits[0], first)).link
    with pytest.raises(RateLimited) as refused:
        await handed_in(house, permits[1], second)
    assert 3590 < refused.value.retry_after <= 3601
    for one, there in ((first, True), (second, False)):
        assert bool(await house.redis.exists(record_key(one))) is there
        assert (await house.redis.zscore(index_key(one), one.raw) is not None) is there
    assert await received(house.vault, link.id, link.key, Claim.random()) == TEXT


@pytest.mark.parametrize("password", [None, PASSWORD])
async def test_opening_too_many_leaves_the_secret_alone(house: House, password: str | None) -> None:
    """Whoever is over the limit claims nothing and uses up no attempt; another may open at once."""
    limits = limits_of(house, opens_per_minute=1)
    link = (await house.vault.seal(pieces(TEXT), kind=Kind.TEXT, password=password)).link
    await limits.count(OPENS, "a")
    # Given before it is known that there were too many, so that Redis itself must refuse.
    with pytest.raises(RateLimited):
        await house.vault.open(
            *(link.id, link.key, Claim.random(), password and "another"),
            permit=limits_of(house, opens_per_minute=1).permit(OPENS, "a"),
        )
    glance = await house.vault.peek(link.id, link.key)
    assert (glance.state, glance.attempts_left) == (State.READY, 5)
    permit = limits.permit(OPENS, "b")
    opened = await house.vault.open(link.id, link.key, Claim.random(), password, permit=permit)
    assert opened.metadata.size == len(TEXT)


async def test_permit_counts_once(house: House) -> None:
    """A repeat within one request, and a count at its end, find it used."""
    limits = limits_of(house, opens_per_minute=2)
    link = (await house.vault.seal(pieces(TEXT), kind=Kind.TEXT, password=PASSWORD)).link
    permit = limits.permit(OPENS, "a")
    for _ in range(2):
        with pytest.raises(WrongPassword):
            await house.vault.open(link.id, link.key, Claim.random(), "another", permit=permit)
    await limits.use(permit)
    await limits.count(OPENS, "a")
    with pytest.raises(RateLimited):
        await limits.count(OPENS, "a")


async def test_opening_that_finds_nothing_counts(house: House) -> None:
    """The step that says that there is no such secret has counted."""
    limits = limits_of(house, opens_per_minute=1)
    nobody = SecretId.random(), Key.random(), Claim.random()
    with pytest.raises(NotFound):
        await house.vault.open(*nobody, permit=limits.permit(OPENS, "a"))
    with pytest.raises(RateLimited):
        await limits.count(OPENS, "a")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("size", [1, SMALL - 1, SMALL, SMALL + 1, KEPT, 100_000])
async def test_nothing_uncounted_reaches_the_store(house: House, size: int, kind: Kind) -> None:
    """What fits into a record counts with it; all else has counted before it is kept."""
    gate = Gate(limits_of(house), Disk().room(), Allowance())
    with gate.entered("a") as entered:
        content = entered.counted(pieces(bytes(size), 1000), size, free=SMALL)
        async with house.vault.draft(content, kind=kind) as draft:
            assert entered.permit is not None
            uncounted = entered.permit.use() is not None
            assert uncounted is (size <= SMALL)
            assert not uncounted or draft.blob is not None
