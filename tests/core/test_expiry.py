"""A lifetime's end goes through the latch: what Redis forgot can not make an opening expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.blobs import EXPIRED, REVOKED
from core.blobs.filesystem import FileBlobs
from core.errors import Gone, StorageFull, Unavailable
from core.handout import Handout
from core.link import Claim
from core.receipts import Event
from core.records import Records
from core.secret import Kind, State
from tests.contents import gathered, pieces, received

if TYPE_CHECKING:
    from pathlib import Path

    from core.bootstrap import House
    from core.link import Link, SecretId
    from core.settings import Settings

CONTENT = bytes(10_000)


async def shared(house: House) -> tuple[Link, bytes]:
    """Share a file; answer its link and its record as it was then."""
    link = (await house.vault.seal(pieces(CONTENT), kind=Kind.FILE, name="x")).link
    before = await house.redis.dump(record(link))
    assert before is not None
    return link, before


def record(link: Link) -> str:
    return f"ots:{{{link.id}}}"


async def its_time_is_over(house: House, link: Link) -> None:
    await house.redis.hset(record(link), "expires", 1)
    await house.redis.zadd(f"ots:due:{link.id.raw[0] % 64}", {link.id.raw: 1})


async def told(house: House) -> list[Event]:
    await house.outbox.flush()
    return [receipt.event for _, receipt in await house.receipts.since()]


async def test_sweep_does_not_expire_what_redis_forgot_was_opened(house: House) -> None:
    """The sender is told of the opening, not of an expiry, and its page goes on in its window."""
    link, before = await shared(house)
    claim = Claim.random()
    ticket = (await house.vault.open(link.id, link.key, claim)).ticket
    async with house.vault.data(link.id, claim, ticket):
        pass
    await house.redis.restore(record(link), 0, before, replace=True)
    await its_time_is_over(house, link)
    await house.sweeper.look()
    assert (await house.vault.peek(link.id, link.key)).state == State.OPENED
    async with house.vault.data(link.id, claim, ticket) as delivery:
        assert await gathered(delivery) == CONTENT
    await house.vault.done(link.id, claim)
    assert await told(house) == [Event.OPENED]


@pytest.mark.parametrize("way", ["open", "data"])
async def test_page_with_the_latch_goes_on_before_any_sweep(house: House, way: str) -> None:
    """Redis thinks that it expired; the latch, asked before anybody hears that, knows better."""
    link, before = await shared(house)
    claim = Claim.random()
    ticket = (await house.vault.open(link.id, link.key, claim)).ticket
    async with house.vault.data(link.id, claim, ticket):
        pass
    await house.redis.restore(record(link), 0, before, replace=True)
    await its_time_is_over(house, link)
    if way == "open":
        assert await received(house.vault, link.id, link.key, claim) == CONTENT
    else:
        async with house.vault.data(link.id, claim, ticket) as delivery:
            assert await gathered(delivery) == CONTENT


async def test_expiry_is_final(house: House) -> None:
    """A Redis that forgot an expiry, and has a longer lifetime in mind, hands nothing out."""
    link, before = await shared(house)
    limit = int(await house.redis.hget(record(link), "limit") or 0)
    await its_time_is_over(house, link)
    await house.sweeper.look()
    assert await house.blobs.holder(link.id, limit) == EXPIRED
    await house.redis.restore(record(link), 0, before, replace=True)
    with pytest.raises(Gone) as gone:
        await house.vault.open(link.id, link.key, Claim.random())
    assert gone.value.state == State.EXPIRED
    assert set(await told(house)) == {Event.EXPIRED}


async def test_what_fails_does_not_stop_the_rest(house: House, settings: Settings) -> None:
    """A due secret whose latch can't be asked, or record not read, waits; the others expire."""
    links = [(await shared(house))[0] for _ in range(4)]
    for link in links:
        await its_time_is_over(house, link)
    await house.redis.hset(record(links[0]), "limit", 4_000_000_000_000)
    (settings.data_dir / "blobs" / "20961002").touch()  # no folder for the latches of that day
    await house.redis.hdel(record(links[1]), "state")  # nobody knows what that is
    await house.sweeper.look()
    states = [(await house.redis.hget(record(link), "state")) for link in links]
    assert states == [b"ready", None, b"expired", b"expired"]


async def test_full_disk_empties_itself(house: House, settings: Settings) -> None:
    """Where no latch fits any more, bytes whose time is over go first, and no others do."""
    root = settings.data_dir / "blobs"

    class Full(FileBlobs):
        """There is room for a latch as soon as one of the blobs is gone."""

        async def latch(self, secret_id: SecretId, limit: int, claim: str) -> str:
            if len(lying(root)) == 2:
                raise StorageFull
            return await super().latch(secret_id, limit, claim)

    over, live = (await shared(house))[0], (await shared(house))[0]
    await its_time_is_over(house, over)
    blobs = Full(root)
    limit = int(await house.redis.hget(record(over), "limit") or 0)
    records = Records(house.scripts, house.outbox)
    assert await Handout(records, blobs).expire(over.id, limit) is State.EXPIRED
    assert lying(root) == [str(live.id)]
    assert await blobs.holder(over.id, limit) == EXPIRED


async def test_full_disk_decides_nothing(house: House, settings: Settings) -> None:
    """No latch fits: nobody is told that their upload was not kept, and it opens when one does."""

    class Full(FileBlobs):
        """No latch can be made."""

        async def latch(self, *_: object) -> str:
            raise StorageFull

    link, _ = await shared(house)
    limit = int(await house.redis.hget(record(link), "limit") or 0)
    full = Handout(Records(house.scripts, house.outbox), Full(settings.data_dir / "blobs"))
    for holder in (Claim.random().holder, REVOKED):
        with pytest.raises(Unavailable):
            await full.win(link.id, limit, holder)
    assert await received(house.vault, link.id, link.key, Claim.random()) == CONTENT


def lying(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file()]
