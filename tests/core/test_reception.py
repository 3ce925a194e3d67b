"""Handing in: one upload wins the place, nothing is lost, and each fault between is harmless."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from core.errors import (
    Closed,
    EmptyText,
    ForbiddenExtension,
    Gone,
    Malformed,
    NotFound,
    Occupied,
    SourceFailed,
    TooLarge,
    Unavailable,
)
from core.invitation import InvitationId, Purpose, Standing, Token, key_of
from core.link import Claim, SecretId
from core.policy import Policy
from core.secret import Kind, State
from tests.asked import ANN, asked, hand_in, handed, key
from tests.contents import pieces, received, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.bootstrap import House
    from core.invitation import Invited
    from core.scripts import Argument
    from core.settings import Settings


async def standing(house: House, invited: Invited) -> Standing:
    return (await house.invitations.inquire(invited.id, invited.token.digest)).standing


async def waits(house: House, invited: Invited) -> bytes | None:
    """Open what waits for the door, as its recipient; None when nothing does."""
    handover = await house.handed.look(invited.id)
    if handover is None:
        return None
    link = handover.handed.link
    return await received(house.vault, link.id, link.key, Claim.random())


async def living(house: House) -> list[State]:
    """List the states of all secrets of whoever asked."""
    return [one.state for one in await house.vault.secrets(house.vault.owner(ANN))]


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


async def died(house: House, invited: Invited) -> None:
    """Let the lease of whoever had the place be over, as if its process had ended."""
    await house.redis.hset(key(invited), "till", 1)


async def test_what_is_handed_in_is_the_askers_secret(house: House) -> None:
    """One hands in; the secret is the asker's, its link waits sealed, and the place is used."""
    invited = await asked(house)
    data = os.urandom(200_000)
    sealed = await hand_in(house, invited, data)
    assert await standing(house, invited) is Standing.USED
    assert await living(house) == [State.READY]
    handover = await house.handed.look(invited.id)
    assert handover is not None
    assert (handover.handed.link, handover.handed.size) == (sealed.link, 200_000)
    assert handover.handed.expires_at == sealed.expires_at
    assert (handover.handed.kind, handover.handed.protected) == (Kind.FILE, False)
    assert handover.asking.label == "Ann"
    assert await waits(house, invited) == data
    with pytest.raises(Closed, match="used"):
        await hand_in(house, invited)


async def test_wrong_token_takes_nothing(house: House) -> None:
    """Without the token the id is unknown, and no place is taken."""
    invited = await asked(house)
    for name, token in ((invited.id, Token.random()), (InvitationId.random(), invited.token)):
        with pytest.raises(NotFound):
            async with house.reception.place(name, token):
                pass
    assert await standing(house, invited) is Standing.OPEN


async def test_second_upload_is_told_to_wait(house: House) -> None:
    """While one has the place the other is told before it sends anything; the first ends well."""
    invited = await asked(house)
    async with house.reception.place(invited.id, invited.token) as place:
        assert await standing(house, invited) is Standing.OCCUPIED
        with pytest.raises(Occupied) as told:
            await hand_in(house, invited, b"second")
        assert 0 < told.value.retry_after <= 30
        await handed(place, b"first")
    assert await waits(house, invited) == b"first"


async def test_of_many_uploads_at_once_one_is_used(house: House) -> None:
    """Of twenty parallel uploads one wins and knows it; nothing is left of the others."""
    invited = await asked(house)

    async def upload(number: int) -> bytes | None:
        data = str(number).encode()
        try:
            await hand_in(house, invited, data)
        except (Occupied, Closed):
            return None
        return data

    told = await asyncio.gather(*(upload(number) for number in range(20)))
    [winner] = [data for data in told if data is not None]
    assert await waits(house, invited) == winner
    assert len(await living(house)) == 1


async def test_failed_upload_frees_the_place(house: House, settings: Settings) -> None:
    """Bytes that break off, are too many, none, or of a forbidden kind cost nothing."""
    house.vault.policy = Policy(
        1000, settings.policy.default_lifetime, settings.policy.max_lifetime, ("txt",)
    )

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 100
        raise SourceFailed

    invited = await asked(house)
    for content, kind, name, error in (
        (broken(), Kind.FILE, "a.txt", SourceFailed),
        (pieces(bytes(1001)), Kind.FILE, "a.txt", TooLarge),
        (pieces(b"x"), Kind.FILE, "a.exe", ForbiddenExtension),
        (pieces(b""), Kind.TEXT, None, EmptyText),
    ):
        with pytest.raises(error):
            async with (
                house.reception.place(invited.id, invited.token) as place,
                place.draft(content, kind=kind, name=name),
            ):
                pass
        assert await standing(house, invited) is Standing.OPEN
    await hand_in(house, invited, b"at last")
    assert await waits(house, invited) == b"at last"
    assert await living(house) == [State.OPENED]


async def test_upload_that_never_commits_frees_the_place(house: House) -> None:
    """Whoever takes the place and changes their mind leaves it as it was."""
    invited = await asked(house)
    with pytest.raises(asyncio.CancelledError):
        async with house.reception.place(invited.id, invited.token):
            raise asyncio.CancelledError
    assert await standing(house, invited) is Standing.OPEN


async def test_way_for_large_files_takes_a_file_alone(house: House) -> None:
    """An upload link refuses a text, and takes a file then."""
    invited = await asked(house, purpose=Purpose.UPLOAD)
    async with house.reception.place(invited.id, invited.token) as place:
        with pytest.raises(Malformed):
            await handed(place, b"text", None)
        await handed(place)
    assert await waits(house, invited) == b"content"


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
            await house.vault.abandon(left, taken.owner)
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


async def test_upload_under_way_outlives_the_time(house: House) -> None:
    """What began in time may end well; what failed after it finds it expired."""
    first, second = await asked(house), await asked(house)
    async with house.reception.place(first.id, first.token) as place:
        await house.redis.hset(key(first), "expires", 1)
        assert await standing(house, first) is Standing.OCCUPIED
        await handed(place)
    assert await waits(house, first) == b"content"
    async with house.reception.place(second.id, second.token):
        await house.redis.hset(key(second), "expires", 1)
    assert await standing(house, second) is Standing.EXPIRED


async def test_revoke_beats_an_upload_under_way(house: House) -> None:
    """Revoked is revoked: the upload is told, and its secret is gone."""
    invited = await asked(house)
    async with house.reception.place(invited.id, invited.token) as place:
        await house.invitations.revoke(invited.id, house.vault.owner(ANN))
        with pytest.raises(Closed, match="revoked"):
            await handed(place)
    assert await living(house) == [State.REVOKED]
    assert await waits(house, invited) is None


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


async def test_link_is_gone_after_its_delivery_or_its_day(house: House) -> None:
    """Delivered, nothing in Redis leads to the link; undelivered, it goes with the invitation."""
    first, second = await asked(house), await asked(house)
    for invited in (first, second):
        await hand_in(house, invited)
    await house.handed.join("telegram")
    entries = dict(await house.handed.take("telegram", "a"))
    assert set(entries.values()) == {first.id, second.id}
    for entry, name in entries.items():
        await house.handed.delivered(name, "telegram", entry)
        assert await house.redis.hget(key_of(name), "link") is None
        assert await house.handed.look(name) is None
    assert await house.redis.xlen("ots:{inv}:handed:telegram") == 0
    third = await asked(house)
    await hand_in(house, third)
    assert 0 < await house.redis.pttl(key(third)) <= 86_400_000


async def test_uploads_leave_no_bytes_without_a_secret(house: House, settings: Settings) -> None:
    """After a failed upload of a large file the blob store is as it was."""
    invited = await asked(house)
    async with house.reception.place(invited.id, invited.token) as place:
        await house.invitations.revoke(invited.id, house.vault.owner(ANN))
        with pytest.raises(Closed):
            await handed(place, os.urandom(100_000))
    blobs = settings.data_dir / "blobs"
    await until(lambda: not [p for p in blobs.rglob("*") if p.is_file()])


async def test_opened_once_all_the_same(house: House) -> None:
    """The link that comes back opens once, like any other."""
    invited = await asked(house)
    sealed = await hand_in(house, invited)
    assert await waits(house, invited) == b"content"
    with pytest.raises(Gone):
        await house.vault.open(sealed.link.id, sealed.link.key, Claim.random())
