"""A Redis without memory, or without a disk: nothing is let in, and what is there goes on."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import FormData

from bots.refusals import refusal
from bots.share import Share, Submission, text_content
from core.allowance import OPENS
from core.audit import Act
from core.bootstrap import open_vault
from core.errors import CannotStart, NotFound, StorageFull, Unavailable
from core.invitation import Purpose, Token
from core.link import Claim, SecretId
from core.receipts import Event
from core.record import index_key, record_key
from core.secret import Kind, Sealed, Sender, SenderRef, State
from core.sessions import Sessions
from core.settings import Settings
from doctor.finding import Grade
from doctor.storage import storage
from tests.contents import gathered, pieces, received
from tests.embedded import url_of

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientSession

    from core.bootstrap import House
    from tests.conftest import Web

LARGE = os.urandom(100_000)  # more than a record keeps
SENDER = Sender("telegram", "42")


async def fill(house: House) -> None:
    """Give Redis less memory than it uses already."""
    await house.redis.config_set("maxmemory", "1mb")


async def shared(
    house: House, content: bytes = b"content", password: str | None = None
) -> tuple[Sealed, bytes]:
    owner = house.vault.owner(SENDER)
    sealed = await house.vault.seal(
        pieces(content), kind=Kind.FILE, name="x", password=password, owner=owner
    )
    return sealed, owner


async def told(house: House, secret_id: SecretId) -> list[Event]:
    await house.outbox.flush()
    entries = await house.receipts.since()
    return [receipt.event for _, receipt in entries if receipt.secret_id == secret_id]


def files(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "blobs").rglob("*") if path.is_file()]


async def kept(house: House) -> set[str]:
    names = {bytes(key).decode() for key in await house.redis.keys("ots:*")}  # type: ignore[arg-type]  # not decoded
    return {name for name in names if not name.startswith(("ots:limit", "ots:hour"))}


async def test_full_redis_takes_nothing_in(web: Web, client: ClientSession) -> None:
    """An upload is told that there is no room, in whichever way it comes, and leaves nothing."""
    house = web.house
    owner, ref = house.vault.owner(SENDER), SenderRef("telegram", "1")
    invited = await house.invitations.create(
        owner, ref, purpose=Purpose.REQUEST, policy=house.vault.policy
    )
    await fill(house)
    before = await kept(house)
    for content in (b"small", LARGE):
        form = FormData()
        form.add_field("file", content, filename="x")
        async with client.post(f"{web.url}/upload", data=form) as answer:
            assert (answer.status, (await answer.json())["title"]) == (507, "No room left")
    submission = Submission(
        sender=SENDER, event="1", kind=Kind.TEXT, content=text_content("x"), chat="1"
    )
    with pytest.raises(StorageFull) as full:
        async with Share.of(house, web.url).handle(submission):
            pass
    assert "storage is full" in refusal(full.value)
    with pytest.raises(StorageFull):
        async with house.reception.place(invited.id, invited.token):
            pass
    with pytest.raises(StorageFull):
        await house.invitations.create(
            owner, ref, purpose=Purpose.REQUEST, policy=house.vault.policy
        )
    await house.outbox.flush()
    assert await kept(house) == before
    assert files(web.settings) == []
    await house.invitations.revoke(invited.id, owner)
    with pytest.raises(NotFound):
        await house.invitations.inquire(invited.id, Token.random().digest)


async def test_what_a_full_redis_has_still_opens_and_burns(house: House) -> None:
    """Peek, password, opening, bytes, burn and receipt work as ever; so do opens' limits."""
    sealed, _ = await shared(house, LARGE, "four words")
    (wanted, key), claim = (sealed.link.id, sealed.link.key), Claim.random()
    await fill(house)
    await house.limits.count(OPENS, "somebody")
    assert (await house.vault.peek(wanted, key)).protected
    opened = await house.vault.open(wanted, key, claim, "four words")
    async with house.vault.data(wanted, claim, opened.ticket) as delivery:
        assert await gathered(delivery) == LARGE
    await house.vault.done(wanted, claim)
    assert await told(house, wanted) == [Event.OPENED]


async def test_senders_of_a_full_redis_go_on(house: House) -> None:
    """They list, reschedule, unlock, change the password, revoke; the sweeper sweeps."""
    first, owner = await shared(house)
    second, _ = await shared(house, LARGE)
    await house.redis.hset(record_key(first.link.id), "tries", 5)
    await house.redis.hset(record_key(second.link.id), "expires", 1)
    await house.redis.zadd(index_key(second.link.id), {second.link.id.raw: 1})
    await fill(house)
    control = house.vault.control
    await control.unlock(first.link.id, owner)
    await control.reschedule(first.link.id, owner, timedelta(hours=1))
    await control.rewrap(first.link.id, first.link.key, owner, password="another")
    listed = {status.id: status.state for status in await control.secrets(owner)}
    assert listed == {first.link.id: State.READY, second.link.id: State.EXPIRED}
    await control.revoke(first.link.id, owner)
    assert await house.sweeper._sweep_alone(orphans=True)
    assert set(await told(house, first.link.id)) == {Event.LOCKED, Event.REVOKED}
    assert set(await told(house, second.link.id)) == {Event.EXPIRED}


async def test_start_on_a_full_redis(settings: Settings) -> None:
    """One that was used before starts, ready but for room, as the doctor says; an empty one not."""
    async with open_vault(settings) as house:
        await house.receipts.join("telegram")
        await fill(house)
        given = {"DATA_DIR": str(settings.data_dir), "MIN_FREE_DISK": "1MB"}
        again = Settings.parse(given | {"REDIS_URL": url_of(house)})
        async with open_vault(again) as other:
            await other.receipts.join("telegram")
            await other.audit.note(Act.LOGIN, "admin")
            await other.heartbeats.note("telegram")
            sessions = Sessions(other.scripts, "a credential")
            assert await sessions.lives(await sessions.begin())
            found = await other.readiness.look()
        assert (found.redis, found.room, bool(found)) == (True, False, True)
        [full] = [one for one in await storage(again) if one.grade is Grade.BAD]
        assert "raise maxmemory" in str(full)
        await house.redis.config_set("maxmemory", 0)
        await house.redis.flushall()
        await fill(house)
        with pytest.raises(CannotStart) as refused:
            async with open_vault(again):
                pass
        assert "maxmemory" in refused.value.reason


async def test_redis_whose_disk_refuses_is_told_as_full(house: House, tmp_path: Path) -> None:
    """A copy that could not be written stops Redis' writes: nothing comes in, nothing is lost."""
    sealed, _ = await shared(house)
    (tmp_path / "data/redis/dump.rdb").mkdir()
    await house.redis.config_set("save", "3600 1000000")
    await house.redis.bgsave()
    async with asyncio.timeout(10):
        while (await house.redis.info("persistence"))["rdb_last_bgsave_status"] == "ok":
            await asyncio.sleep(0.01)
    with pytest.raises(StorageFull):
        await shared(house)
    with pytest.raises(Unavailable):
        await house.vault.open(sealed.link.id, sealed.link.key, Claim.random())
    assert not await house.readiness.look()
    await house.redis.config_set("save", "")
    assert (
        await received(house.vault, sealed.link.id, sealed.link.key, Claim.random()) == b"content"
    )
