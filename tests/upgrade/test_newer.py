"""What a newer server has written: never misread, swept or burned by one that is older."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from bots.refusals import refusal
from core.errors import Newer
from core.invitation import Purpose, key_of
from core.link import Claim
from core.receipts import Event
from core.record import index_key, record_key
from core.scripts.script import ON_INVITATIONS, ON_RECORDS
from core.secret import Kind, Sender, SenderRef
from tests.contents import pieces, received
from tests.page import Page

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from core.bootstrap import House
    from core.secret import Sealed
    from tests.conftest import Web

LARGE = os.urandom(100_000)  # more than a record keeps
SENDER = Sender("telegram", "42")
REF = SenderRef("telegram", "1")


async def shared(house: House, ref: SenderRef = REF) -> Sealed:
    owner = house.vault.owner(SENDER)
    return await house.vault.seal(pieces(LARGE), kind=Kind.FILE, name="x", owner=owner, ref=ref)


async def test_no_step_touches_a_newer_record(house: House) -> None:
    """Whatever a step is given, it answers that a newer server is needed, and changes nothing."""
    sealed = await shared(house)
    invited = await house.invitations.create(
        b"owner", REF, purpose=Purpose.REQUEST, policy=house.vault.policy
    )
    for steps, key in (
        (ON_RECORDS, record_key(sealed.link.id)),
        (ON_INVITATIONS, key_of(invited.id)),
    ):
        await house.redis.hset(key, "v", 2)
        before = await house.redis.hgetall(key)
        for step in steps:
            with pytest.raises(Newer):
                await house.scripts(step, key, *[1] * 12)
        assert await house.redis.hgetall(key) == before


async def test_sweeper_leaves_a_newer_secret_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Due, over and old, its bytes stay, and the sweep goes on to the others."""
    monkeypatch.setattr("core.sweeper.UPTIME", 0)
    monkeypatch.setattr("core.blobs.filesystem.STALE", -1)
    newer, older = await shared(house), await shared(house)
    for one in (newer.link, older.link):
        await house.redis.hset(record_key(one.id), "expires", 1)
        await house.redis.zadd(index_key(one.id), {one.id.raw: 1})
    await house.redis.hset(record_key(newer.link.id), "v", 2)
    limit = int(await house.redis.hget(record_key(newer.link.id), "limit") or 0)
    for _ in range(64):
        await house.sweeper.sweep()
    assert await house.blobs.has(newer.link.id, limit)
    assert await house.blobs.holder(newer.link.id, limit) is None
    assert not await house.blobs.has(older.link.id, limit)
    assert await house.redis.zscore(index_key(newer.link.id), newer.link.id.raw) is not None


async def test_people_are_told_that_the_server_is_too_old(web: Web, client: ClientSession) -> None:
    """The page, the one call and the chat say so, and it can be opened once it was upgraded."""
    sealed = await shared(web.house)
    key = record_key(sealed.link.id)
    await web.house.redis.hset(key, "v", 2)
    page = Page(client, web.url, sealed.link)
    form = {"key": sealed.link.key.reveal()}
    async with client.post(f"{web.url}/d/{sealed.link.id}", data=form) as answer:
        told = await answer.json(content_type=None)
        assert (answer.status, told["title"]) == (503, "This server is too old")
        assert answer.headers["Retry-After"] == "60"
    assert (await page.peek()).problem == "newer"
    assert "upgrade me" in refusal(Newer())
    await web.house.redis.hset(key, "v", 1)
    wanted = sealed.link.id, sealed.link.key
    assert await received(web.house.vault, *wanted, Claim.random()) == LARGE


async def test_what_a_newer_server_adds_is_passed_over(house: House) -> None:
    """Fields that nobody knows here change nothing: in a record, a reference, an entry, an hour."""
    ref = {"door": "telegram", "chat": "1", "language": "de", "thread": 7}
    assert SenderRef.read(ref) == SenderRef("telegram", "1", "de")
    about = b"about"
    sealed_ref = house.vault.server_key.seal(b"ref", about, json.dumps(ref).encode())
    assert house.vault.server_key.open_ref(about, sealed_ref).chat == "1"
    sealed = await shared(house)
    await house.redis.hset(record_key(sealed.link.id), "colour", "blue")
    house.statistics.count("colours")
    wanted = sealed.link.id, sealed.link.key
    assert await received(house.vault, *wanted, Claim.random()) == LARGE
    [now] = (await house.statistics.hours(1)).values()
    assert now["sealed:telegram"] == 1


async def test_receipts_of_a_newer_kind_wait_for_a_newer_server(house: House) -> None:
    """They stay in the record and in the stream, and hold up no receipt that is known here."""
    strange, known = await shared(house), await shared(house)
    key = record_key(strange.link.id)
    await house.redis.hset(key, "outbox", "read:1 read 1800000000000;")
    await house.vault.peek(strange.link.id, strange.link.key)
    claim = Claim.random()
    await received(house.vault, known.link.id, known.link.key, claim)
    await house.vault.done(known.link.id, claim)
    await house.outbox.flush()
    assert [one.event for _, one in await house.receipts.since()] == [Event.OPENED]
    assert await house.redis.hget(key, "outbox") == b"read:1 read 1800000000000;"
