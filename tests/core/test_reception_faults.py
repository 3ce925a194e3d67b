"""Uploads by invitation that die, are overtaken, or hear no answer: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.errors import (
    Closed,
    NotFound,
    Occupied,
    Unavailable,
)
from core.invitation import Standing, key_of
from core.link import SecretId
from core.secret import Kind, State
from tests.asked import asked, died, hand_in, handed, living, standing, waits
from tests.contents import pieces

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.redis_pipe import Argument


class Faulty:
    """Scripts over a line to Redis that fails around one of them."""

    def __init__(self, house: House, name: str, *, happened: bool) -> None:
        self._run = house.invitations._run
        self._name, self._happened = name, happened

    async def __call__(self, name: str, key: str, *arguments: Argument) -> object:
        if name != self._name:
            return await self._run(name, key, *arguments)
        if self._happened:
            await self._run(name, key, *arguments)
        raise Unavailable


async def test_upload_that_never_commits_frees_the_place(house: House) -> None:
    """Whoever takes the place and changes their mind leaves it as it was."""
    invited = await asked(house)
    with pytest.raises(asyncio.CancelledError):
        async with house.reception.place(invited.id, invited.token):
            raise asyncio.CancelledError
    assert await standing(house, invited) is Standing.OPEN


async def test_process_that_died_with_the_place_frees_it_after_its_lease(house: House) -> None:
    """A crash after the taking holds others up for a lease only."""
    invited = await asked(house)
    await house.invitations.take(invited.id, invited.token, SecretId.random())
    with pytest.raises(Occupied):
        await hand_in(house, invited)
    await died(house, invited)
    await hand_in(house, invited)
    assert await waits(house, invited) == b"content"


async def test_crash_between_commit_and_hand_leaves_no_second_secret(house: House) -> None:
    """A secret whose key nobody has is revoked before another upload begins."""
    invited = await asked(house)
    for _ in range(2):
        taker = SecretId.random()
        taken = await house.invitations.take(invited.id, invited.token, taker)
        for left in taken.earlier:
            await house.vault.control.abandon(left, taken.owner)
        await house.vault.seal(pieces(b"x"), kind=Kind.TEXT, owner=taken.owner, secret_id=taker)
        await died(house, invited)
    await hand_in(house, invited, b"whole")
    assert sorted(await living(house)) == [State.READY, State.REVOKED, State.REVOKED]
    assert await waits(house, invited) == b"whole"


async def test_upload_that_was_overtaken_leaves_nothing(house: House) -> None:
    """One that was thought dead, and was not, is told so at its commit; the other one counts."""
    invited = await asked(house)
    async with (
        house.reception.place(invited.id, invited.token) as slow,
        slow.draft(pieces(b"slow"), kind=Kind.FILE, name="a") as draft,
    ):
        await died(house, invited)
        async with house.reception.place(invited.id, invited.token) as quick:
            with pytest.raises(Occupied):
                await slow.commit(draft, name="a")
            assert await standing(house, invited) is Standing.OCCUPIED
            await handed(quick, b"quick")
    assert await waits(house, invited) == b"quick"
    assert await living(house) == [State.OPENED]


async def test_upload_that_was_overtaken_after_its_commit_leaves_nothing(house: House) -> None:
    """With its record written and the place lost, the secret goes again and the uploader knows."""
    invited = await asked(house)
    async with (
        house.reception.place(invited.id, invited.token) as slow,
        slow.draft(pieces(b"slow"), kind=Kind.FILE, name="a") as draft,
    ):
        await died(house, invited)
        await house.invitations.take(invited.id, invited.token, SecretId.random())
        with pytest.raises(Occupied):
            await slow.commit(draft, name="a")
    assert await living(house) == [State.REVOKED]
    assert await standing(house, invited) is Standing.OCCUPIED


async def test_late_upload_still_counts_when_nobody_took_its_place(house: House) -> None:
    """A lease that ran out loses nothing by itself."""
    invited = await asked(house)
    async with house.reception.place(invited.id, invited.token) as place:
        await died(house, invited)
        await handed(place)
    assert await waits(house, invited) == b"content"


@pytest.mark.parametrize("happened", [True, False])
async def test_lost_word_about_the_last_step_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, happened: bool
) -> None:
    """Without an answer to the last step the link is on its way, or the next upload replaces it."""
    invited = await asked(house)
    with monkeypatch.context() as patch:
        patch.setattr(house.invitations, "_run", Faulty(house, "hand", happened=happened))
        with pytest.raises(Unavailable):
            await hand_in(house, invited, b"first")
    if happened:
        assert await standing(house, invited) is Standing.USED
        assert await waits(house, invited) == b"first"
        return
    assert await standing(house, invited) is Standing.OCCUPIED
    await died(house, invited)
    await hand_in(house, invited, b"second")
    assert await waits(house, invited) == b"second"
    assert sorted(await living(house)) == [State.OPENED, State.REVOKED]


async def test_each_step_may_be_repeated(house: House) -> None:
    """A step whose reply was lost is asked for again and answers the same."""
    invited, taker = await asked(house), SecretId.random()
    for _ in range(2):
        taken = await house.invitations.take(invited.id, invited.token, taker)
        assert taken.earlier == []
        assert await house.invitations.stay(invited.id, taker)
    for _ in range(2):
        await house.invitations.hand(invited.id, taker, "telegram", b"sealed")
    assert await house.redis.xlen("ots:{inv}:handed:telegram") == 1
    await house.invitations.leave(invited.id, taker)
    assert await standing(house, invited) is Standing.USED
    with pytest.raises(Closed):
        await house.invitations.hand(invited.id, SecretId.random(), "telegram", b"other")


async def test_place_is_kept_as_long_as_its_upload_lives(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow upload says again and again that it is alive."""
    monkeypatch.setattr("core.reception.LEASE", 30)
    invited = await asked(house)
    async with house.reception.place(invited.id, invited.token):
        await died(house, invited)
        async with asyncio.timeout(10):
            while await standing(house, invited) is not Standing.OCCUPIED:
                await asyncio.sleep(0.01)


async def test_invitation_that_vanished_takes_nothing(house: House) -> None:
    """Where Redis lost the invitation meanwhile, the secret goes too."""
    invited = await asked(house)
    async with house.reception.place(invited.id, invited.token) as place:
        await house.redis.delete(key_of(invited.id))
        with pytest.raises(NotFound):
            await handed(place)
    assert await living(house) == [State.REVOKED]
    assert not await house.redis.exists("ots:{inv}:handed:telegram")
