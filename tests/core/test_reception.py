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
)
from core.invitation import InvitationId, Purpose, Standing, Token, key_of
from core.link import Claim
from core.policy import Policy
from core.secret import Kind, State
from tests.asked import ANN, asked, hand_in, handed, key, living, standing, waits
from tests.contents import pieces, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.bootstrap import House
    from core.settings import Settings


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


async def test_way_for_large_files_takes_a_file_alone(house: House) -> None:
    """An upload link refuses a text, and takes a file then."""
    invited = await asked(house, purpose=Purpose.UPLOAD)
    async with house.reception.place(invited.id, invited.token) as place:
        with pytest.raises(Malformed):
            await handed(place, b"text", None)
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


async def test_entries_whose_links_are_gone_leave_the_stream(house: House) -> None:
    """A door that was shut for more than a day finds nothing of what it missed before."""
    stream = "ots:{inv}:handed:telegram"
    await house.redis.xadd(stream, {"invitation": b"x"}, id="1-1")
    await hand_in(house, await asked(house))
    assert await house.redis.xlen(stream) == 1
