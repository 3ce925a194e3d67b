"""What the sender is told: each event once in the record, at least once in the stream."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from core.clock import now_ms
from core.errors import Gone, Locked, NotFound, Taken, WrongPassword
from core.link import Claim, Link, SecretId
from core.receipts import STREAM, Event, Receipt
from core.records import Records
from core.secret import Kind, Sender, State
from tests.contents import gathered, pieces, received

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.settings import Settings

MOMENT = 1_800_000_000_000


def record(link: Link) -> str:
    return f"ots:{{{link.id}}}"


async def shared(
    house: House, password: str | None = None, content: bytes = b"content"
) -> tuple[Link, bytes]:
    owner = house.vault.owner(Sender("telegram", "42"))
    sealed = await house.vault.seal(
        pieces(content), kind=Kind.FILE, name="x", password=password, owner=owner
    )
    return sealed.link, owner


async def told(house: House, link: Link) -> list[Event]:
    """Publish what waits, and list what the sender of this secret is told, doubles dropped."""
    await house.outbox.flush()
    entries = [receipt for _, receipt in await house.receipts.since()]
    once = {receipt.occasion: receipt.event for receipt in entries if receipt.secret_id == link.id}
    return list(once.values())


async def made_due(house: House, link: Link) -> None:
    await house.redis.zadd(f"ots:due:{link.id.raw[0] % 64}", {link.id.raw: 1})


async def let_lapse(house: House, link: Link, times: int) -> None:
    for _ in range(times):
        await house.vault.open(link.id, link.key, Claim.random())
        await house.redis.hset(record(link), "lease", 1)


async def test_opening_that_was_confirmed(house: House) -> None:
    """The recipient's done tells `opened`, with the sender's mark and the time, by itself."""
    link, owner = await shared(house)
    claim = Claim.random()
    await received(house.vault, link.id, link.key, claim)
    await house.vault.done(link.id, claim)
    await house.vault.done(link.id, claim)
    async with asyncio.timeout(5):
        while not (entries := await house.receipts.since()):
            await asyncio.sleep(0.01)
    [(_, receipt)] = entries
    ended = int(await house.redis.hget(record(link), "ended") or 0)
    assert receipt == Receipt(link.id, "end", Event.OPENED, ended, owner)
    assert await told(house, link) == [Event.OPENED]


@pytest.mark.parametrize("everything", [True, False])
async def test_opening_that_nobody_confirmed(house: House, everything: bool) -> None:
    """The window's end tells whether all bytes went out, and burns in either case."""
    data = os.urandom(600_000)
    owner = house.vault.owner(Sender("telegram", "42"))
    link = (await house.vault.seal(pieces(data), kind=Kind.FILE, owner=owner)).link
    claim = Claim.random()
    ticket = (await house.vault.open(link.id, link.key, claim)).ticket
    async with house.vault.data(link.id, claim, ticket) as delivery:
        async for _ in delivery:
            if not everything:
                break
    assert await told(house, link) == []
    await house.redis.hset(record(link), "touched", 1)
    await made_due(house, link)
    await house.sweeper.sweep()
    assert await told(house, link) == [Event.UNCONFIRMED if everything else Event.INTERRUPTED]


async def test_transfer_taken_up_within_a_piece_is_whole(house: House) -> None:
    """A connection broke in a piece's middle; what came goes on from there, and that was all."""
    link, _ = await shared(house, content=(data := os.urandom(600_000)))
    claim = Claim.random()
    ticket = (await house.vault.open(link.id, link.key, claim)).ticket
    async with house.vault.data(link.id, claim, ticket) as delivery:
        await anext(aiter(delivery))
    async with house.vault.data(link.id, claim, ticket, start=100_000) as delivery:
        assert await gathered(delivery) == data[100_000:]
    progress = await house.vault.progress(link.id, claim)
    assert (progress.sent, progress.complete) == (600_000, True)


async def test_expiry_and_revoke_are_told(house: House) -> None:
    """The sweeper tells that nobody opened it in time; a revoke is told too, and each once."""
    expired, _ = await shared(house)
    revoked, owner = await shared(house)
    await house.redis.hset(record(expired), "expires", 1)
    await made_due(house, expired)
    await house.sweeper.sweep()
    await house.sweeper.sweep()
    await house.vault.control.revoke(revoked.id, owner)
    await house.vault.control.revoke(revoked.id, owner)
    assert await told(house, expired) == [Event.EXPIRED]
    assert await told(house, revoked) == [Event.REVOKED]


async def test_operators_burn_is_told_as_such(house: House) -> None:
    """The sender hears who destroyed it: not they themselves."""
    link, owner = await shared(house)
    await house.vault.control.burn(link.id)
    assert (await house.vault.control.status(link.id, owner)).state == State.REVOKED
    assert await told(house, link) == [Event.WITHDRAWN]


async def test_claims_are_seen_to_when_nobody_comes_back(house: House) -> None:
    """The sweeper looks a minute after a claim or a password, not only at the lifetime's end."""
    link, _ = await shared(house, password="right")
    index = f"ots:due:{link.id.raw[0] % 64}"
    for password in ("wrong", "right"):
        await house.redis.zadd(index, {link.id.raw: now_ms() + 3_600_000})
        with suppress(WrongPassword):
            await house.vault.open(link.id, link.key, Claim.random(), password)
        score = await house.redis.zscore(index, link.id.raw) or 0
        assert 0 < score - now_ms() <= 60_000
    unknown = Link(SecretId.random(), link.key)
    with pytest.raises(NotFound):
        await house.vault.open(unknown.id, unknown.key, Claim.random())
    known = [await house.redis.zrange(f"ots:due:{shard}", 0, -1) for shard in range(64)]
    assert [raw for found in known for raw in found] == [link.id.raw], "an id that never was"


@pytest.mark.parametrize("wish", ["revoke", "reschedule"])
async def test_wishes_that_a_crash_cut_off_are_seen_to(house: House, wish: str) -> None:
    """When a process ends right after the record changed, the sweeper does the rest in a minute."""
    link, owner = await shared(house)

    class Cut(Records):
        """Nothing is done after the record's own step."""

        async def look_again(self, secret_id: SecretId, due: int) -> None:
            """Come too late."""

    records = Cut(house.scripts, house.outbox)
    if wish == "revoke":
        await records.revoke(link.id)
    else:
        await records.reschedule(link.id, owner, 300_000, 0)
    score = await house.redis.zscore(f"ots:due:{link.id.raw[0] % 64}", link.id.raw) or 0
    assert score - now_ms() <= 60_000


async def test_last_part_alone_is_not_the_whole(house: House) -> None:
    """Who fetched the end without the beginning has not got everything."""
    link, _ = await shared(house, content=bytes(600_000))
    claim = Claim.random()
    ticket = (await house.vault.open(link.id, link.key, claim)).ticket
    for start, sent, complete in ((500_000, 0, False), (0, 600_000, True)):
        async with house.vault.data(link.id, claim, ticket, start=start) as delivery:
            await gathered(delivery)
        progress = await house.vault.progress(link.id, claim)
        assert (progress.sent, progress.complete) == (sent, complete)


async def test_pages_that_claim_and_come_to_nothing_are_told(house: House) -> None:
    """The third lapsed claim is told, the tenth locks, and the sender's unlock begins anew."""
    link, owner = await shared(house)
    await let_lapse(house, link, 2)
    await house.vault.peek(link.id, link.key)
    assert await told(house, link) == []
    await let_lapse(house, link, 1)
    await house.vault.peek(link.id, link.key)
    assert await told(house, link) == [Event.HELD]
    await let_lapse(house, link, 7)
    with pytest.raises(Locked):
        await house.vault.open(link.id, link.key, Claim.random())
    assert await told(house, link) == [Event.HELD, Event.LOCKED]
    await house.vault.control.unlock(link.id, owner)
    await let_lapse(house, link, 3)
    await house.vault.peek(link.id, link.key)
    assert await told(house, link) == [Event.HELD, Event.LOCKED, Event.HELD]


async def test_lock_by_wrong_passwords_is_told_once_it_is_sure(house: House) -> None:
    """The fifth wrong password tells `locked`, and not while one being checked may be right."""
    link, _ = await shared(house, "right")
    now, _ = await house.redis.time()
    await house.redis.hset(record(link), mapping={"tries": 4, "attempt:x": f"0:{now * 1000}"})
    with pytest.raises(WrongPassword):
        await house.vault.open(link.id, link.key, Claim.random(), "wrong")
    assert await told(house, link) == []
    await house.redis.hset(record(link), "attempt:x", "0:1")  # whoever checked it has died
    with pytest.raises(Locked):
        await house.vault.open(link.id, link.key, Claim.random(), "right")
    with pytest.raises(Locked):
        await house.vault.open(link.id, link.key, Claim.random(), "right")
    assert await told(house, link) == [Event.LOCKED]


async def test_lost_bytes_are_told_once_and_nothing_is_destroyed(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blob that is not there any more is told; should it come back, the secret opens."""
    monkeypatch.setattr("core.sweeper.UPTIME", 0)
    monkeypatch.setattr("core.sweeper.INDEX_SHARDS", 1)
    content = os.urandom(10_000)  # too large to be kept in the record
    link, _ = await shared(house, content=content)
    await house.redis.zadd("ots:due:0", {link.id.raw: MOMENT})
    [blob] = [p for p in (settings.data_dir / "blobs").rglob("*") if p.is_file()]
    away = shutil.move(blob, settings.data_dir / "away")
    for _ in range(2):
        await house.sweeper.sweep()
    assert await told(house, link) == [Event.LOST]
    shutil.move(away, blob)
    assert await received(house.vault, link.id, link.key, Claim.random()) == content


async def test_sweeper_follows_a_latch_that_redis_forgot(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Redis brought back to before the opening learns of it without anybody asking."""
    monkeypatch.setattr("core.sweeper.UPTIME", 0)
    monkeypatch.setattr("core.sweeper.INDEX_SHARDS", 1)
    link, _ = await shared(house)
    before = await house.redis.dump(record(link))
    claim = Claim.random()
    ticket = (await house.vault.open(link.id, link.key, claim)).ticket
    async with house.vault.data(link.id, claim, ticket) as delivery:
        await gathered(delivery)
    assert before is not None
    await house.redis.restore(record(link), 0, before, replace=True)
    await house.redis.zadd("ots:due:0", {link.id.raw: MOMENT})
    await house.sweeper.sweep()
    assert await house.redis.hget(record(link), "state") == b"opened"
    with pytest.raises(Gone):
        await house.vault.open(link.id, link.key, Claim.random())
    async with house.vault.data(link.id, claim, ticket) as delivery:
        assert await gathered(delivery) == b"content"


async def test_receipt_of_a_process_that_died_is_published_by_the_sweeper(house: House) -> None:
    """What stayed in a record's outbox is published later, and the record waits for that."""
    link, _ = await shared(house)
    claim = Claim.random()
    await received(house.vault, link.id, link.key, claim)
    house.outbox._waiting.clear()  # as if this process ended after the next step
    run = house.vault._records._run
    await run("done", record(link), claim.holder)
    assert await house.redis.pttl(record(link)) == -1
    assert await told(house, link) == []
    await made_due(house, link)
    await house.sweeper.sweep()
    assert await told(house, link) == [Event.OPENED]
    assert 0 < await house.redis.pttl(record(link)) <= 24 * 3600 * 1000
    assert await house.redis.zscore(f"ots:due:{link.id.raw[0] % 64}", link.id.raw) is None


async def test_receipts_wait_for_a_redis_that_is_away(house: House) -> None:
    """Published as soon as Redis answers again, without a sweep."""
    link, owner = await shared(house)
    await house.vault.control.revoke(link.id, owner)
    os.kill((await house.redis.info("server"))["process_id"], signal.SIGKILL)
    async with asyncio.timeout(15):
        while Event.REVOKED not in {r.event for _, r in await house.receipts.since()}:
            await asyncio.sleep(0.05)


async def test_old_receipts_leave_the_stream(house: House) -> None:
    """What nobody read for a week is dropped."""
    link, _ = await shared(house)
    await house.redis.xadd(STREAM, {"secret": "long ago"}, id="1-1")
    await house.receipts.publish([Receipt(link.id, "held:0", Event.HELD, now_ms())])
    entries = [receipt.event for _, receipt in await house.receipts.since()]
    assert entries == [Event.HELD]


async def test_claim_in_use_says_for_how_long(house: House) -> None:
    """A second page is told to wait, and that costs nobody anything."""
    link, _ = await shared(house)
    await house.vault.open(link.id, link.key, Claim.random())
    with pytest.raises(Taken):
        await house.vault.open(link.id, link.key, Claim.random())
    assert await told(house, link) == []


async def test_receipt_of_a_newer_version_holds_up_no_other(house: House) -> None:
    """While replicas are replaced, what the old ones can't read yet waits; the rest is told."""
    await house.receipts.join("door")
    unknown = str(SecretId.random())
    await house.redis.xadd(STREAM, {"secret": unknown, "occasion": "new", "kind": "new"})
    link, owner = await shared(house)
    await house.vault.control.revoke(link.id, owner)
    await house.outbox.flush()
    [(_, receipt)] = await house.receipts.take("door", "old")
    assert receipt.event is Event.REVOKED
