"""The sender's wishes after sealing: another lifetime, another password, and what they can't do."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from core.blobs import REVOKED
from core.errors import (
    BadLifetime,
    Changed,
    Gone,
    NotFound,
    PasswordRequired,
    Taken,
    TooLate,
    WrongPassword,
)
from core.link import Claim, Key
from core.record import record_key
from core.secret import Kind, Sealed, Sender, State
from tests.contents import gathered, pieces, received

if TYPE_CHECKING:
    from core.bootstrap import House

TEXT = b"the code is 4711"
HOUR = timedelta(hours=1)


async def shared(house: House, password: str | None = None) -> tuple[Sealed, bytes]:
    owner = house.vault.owner(Sender("telegram", "42"))
    sealed = await house.vault.seal(
        pieces(TEXT), kind=Kind.TEXT, password=password, owner=owner, lifetime=HOUR
    )
    return sealed, owner


async def test_lifetime_moves_both_ways_within_the_limit(house: House) -> None:
    """A new lifetime counts from now; no wish lets a secret outlive its limit."""
    sealed, owner = await shared(house)
    link = sealed.link
    for wish in (timedelta(minutes=5), 3 * HOUR):
        expires = await house.vault.control.reschedule(link.id, owner, wish)
        assert abs(datetime.now(UTC) + wish - expires) < timedelta(seconds=30)
        assert abs((await house.vault.peek(link.id, link.key)).expires_at - expires) < HOUR / 3600
    limit = int(await house.redis.hget(f"ots:{{{link.id}}}", "limit") or 0)
    longest = await house.vault.control.reschedule(link.id, owner, timedelta(days=7))
    assert round(longest.timestamp() * 1000) <= limit
    with pytest.raises(BadLifetime):
        await house.vault.control.reschedule(link.id, owner, timedelta(days=8))


async def test_lifetime_is_the_senders_alone_and_only_while_it_waits(house: House) -> None:
    """Others get the uniform not-found; an open page or an opening comes first."""
    sealed, owner = await shared(house)
    link, claim = sealed.link, Claim.random()
    with pytest.raises(NotFound):
        await house.vault.control.reschedule(link.id, os.urandom(32), HOUR)
    opened = await house.vault.open(link.id, link.key, claim)
    with pytest.raises(Taken):
        await house.vault.control.reschedule(link.id, owner, HOUR)
    async with house.vault.data(link.id, claim, opened.ticket) as delivery:
        await gathered(delivery)
    with pytest.raises(TooLate):
        await house.vault.control.reschedule(link.id, owner, HOUR)


async def test_password_is_set_changed_and_removed_under_the_same_link(house: House) -> None:
    """After each change only the password of now opens, and the content is the same."""
    sealed, owner = await shared(house)
    link = sealed.link
    rewrap = house.vault.control.rewrap
    await rewrap(link.id, link.key, owner, password="first")
    with pytest.raises(PasswordRequired):
        await house.vault.open(link.id, link.key, Claim.random())
    with pytest.raises(PasswordRequired):
        await rewrap(link.id, link.key, owner, password="second")
    with pytest.raises(WrongPassword):
        await rewrap(link.id, link.key, owner, password="second", old_password="no")
    await rewrap(link.id, link.key, owner, password="second", old_password="first")
    with pytest.raises(WrongPassword):
        await house.vault.open(link.id, link.key, Claim.random(), "first")
    glance = await house.vault.peek(link.id, link.key)
    assert (glance.protected, glance.attempts_left) == (True, 3)
    await rewrap(link.id, link.key, owner, password=None, old_password="second")
    assert await received(house.vault, link.id, link.key, Claim.random()) == TEXT


async def test_password_needs_the_link_and_the_proof(house: House) -> None:
    """Whoever lacks the key or the sender's proof changes nothing and learns nothing."""
    sealed, owner = await shared(house)
    link = sealed.link
    for key, proof in ((Key.random(), owner), (link.key, os.urandom(32))):
        with pytest.raises(NotFound):
            await house.vault.control.rewrap(link.id, key, proof, password="x")
    assert not (await house.vault.peek(link.id, link.key)).protected


async def test_page_from_before_the_password_must_open_again(house: House) -> None:
    """A ticket got without the password fetches nothing once the sender has set one."""
    sealed, owner = await shared(house)
    link, claim = sealed.link, Claim.random()
    early = await house.vault.open(link.id, link.key, claim)
    with pytest.raises(Taken):
        await house.vault.control.rewrap(link.id, link.key, owner, password="x")
    await house.redis.hset(f"ots:{{{link.id}}}", "lease", 1)
    await house.vault.control.rewrap(link.id, link.key, owner, password="x")
    with pytest.raises(Changed):
        async with house.vault.data(link.id, claim, early.ticket):
            pass
    assert await received(house.vault, link.id, link.key, claim, "x") == TEXT
    with pytest.raises(TooLate):
        await house.vault.control.rewrap(link.id, link.key, owner, password=None, old_password="x")


async def test_password_comes_too_late_for_whom_redis_forgot(house: House) -> None:
    """A Redis brought back to before the opening does not let the sender believe in a password."""
    sealed, owner = await shared(house)
    link, record = sealed.link, f"ots:{{{sealed.link.id}}}"
    before = await house.redis.dump(record)
    await received(house.vault, link.id, link.key, Claim.random())
    assert before is not None
    await house.redis.restore(record, 0, before, replace=True)
    with pytest.raises(TooLate):
        await house.vault.control.rewrap(link.id, link.key, owner, password="x")


async def test_failure_of_ours_gives_the_claim_back(house: House) -> None:
    """Where the server can't tell what is inside, the claim is free again, uncounted."""
    sealed, _ = await shared(house)
    link, record = sealed.link, f"ots:{{{sealed.link.id}}}"
    meta = await house.redis.hget(record, "meta")
    await house.redis.hset(record, "meta", bytes(300))
    with pytest.raises(Exception):  # noqa: B017, PT011 - any refusal
        await house.vault.open(link.id, link.key, Claim.random())
    glance = await house.vault.peek(link.id, link.key)
    assert (glance.state, await house.redis.hget(record, "lapsed")) == (State.READY, None)
    assert meta is not None
    await house.redis.hset(record, "meta", meta)
    assert await received(house.vault, link.id, link.key, Claim.random()) == TEXT


async def test_revoked_secret_takes_no_more_wishes(house: House) -> None:
    """After the revoke every wish is told that it is over."""
    sealed, owner = await shared(house)
    link = sealed.link
    await house.vault.control.revoke(link.id, owner)
    with pytest.raises(Gone):
        await house.vault.control.reschedule(link.id, owner, HOUR)
    with pytest.raises(Gone):
        await house.vault.control.rewrap(link.id, link.key, owner, password="x")


async def test_revoke_is_told_from_its_latch_on(house: House) -> None:
    """A page that comes between the revoke's latch and its record learns that it was revoked."""
    sealed = await house.vault.seal(pieces(b"x"), kind=Kind.FILE)
    link, claim = sealed.link, Claim.random()
    opened = await house.vault.open(link.id, link.key, claim)
    limit = await house.redis.hget(record_key(link.id), "limit")
    assert limit is not None
    assert await house.blobs.latch(link.id, int(limit), REVOKED) == REVOKED

    with pytest.raises(Gone) as gone:
        async with house.vault.data(link.id, claim, opened.ticket):
            pass
    assert gone.value.state == State.REVOKED
