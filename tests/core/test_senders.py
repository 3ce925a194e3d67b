"""What a sender may see of their secrets, and where they are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.errors import Corrupt, Gone, NotFound, WrongPassword
from core.link import Claim, SecretId
from core.receipts import Event
from core.record import own_key
from core.secret import Kind, Sender, SenderRef, State
from tests.contents import pieces, received

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.secret import Sealed

ANN, BEN = Sender("telegram", "1"), Sender("telegram", "2")
REF = SenderRef("telegram", chat="1", language="de")


async def shared(house: House, sender: Sender = ANN, password: str | None = None) -> Sealed:
    return await house.vault.seal(
        pieces(b"content"),
        kind=Kind.FILE,
        owner=house.vault.owner(sender),
        ref=REF,
        password=password,
    )


async def test_senders_see_their_own_secrets_newest_first(house: House) -> None:
    """The list holds what waits and what ended within a day, of this sender alone."""
    first, second = await shared(house), await shared(house)
    await shared(house, BEN)
    await received(house.vault, first.link.id, first.link.key, claim := Claim.random())
    await house.vault.done(first.link.id, claim)

    told = await house.vault.control.secrets(house.vault.owner(ANN))

    assert {status.id: status.state for status in told} == {
        first.link.id: State.OPENED,
        second.link.id: State.READY,
    }
    [waiting] = [status for status in told if status.waiting]
    assert (waiting.id, waiting.expires_at) == (second.link.id, second.expires_at)
    assert all((status.ended_at is None) == status.waiting for status in told)
    assert await house.vault.control.secrets(house.vault.owner(Sender("discord", "1"))) == []


async def test_lock_shows_and_only_to_its_sender(house: House) -> None:
    """After five wrong passwords the sender sees the lock; a foreign proof sees nothing."""
    link = (await shared(house, password="right")).link
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await house.vault.open(link.id, link.key, Claim.random(), "wrong")
    status = await house.vault.control.status(link.id, house.vault.owner(ANN))
    assert (status.state, status.protected, status.attempts_left) == (State.LOCKED, True, 0)
    assert status.waiting
    with pytest.raises(NotFound):
        await house.vault.control.status(link.id, house.vault.owner(BEN))


async def test_forgetting_revokes_and_empties_the_list(house: House) -> None:
    """Whoever wants their data gone has nothing waiting afterwards, and no list."""
    first, second = await shared(house), await shared(house)
    await house.vault.control.revoke(first.link.id, house.vault.owner(ANN))
    assert await house.vault.control.forget(house.vault.owner(ANN)) == 1
    assert await house.vault.control.secrets(house.vault.owner(ANN)) == []
    with pytest.raises(Gone):
        await house.vault.open(second.link.id, second.link.key, Claim.random())


async def test_forgetting_leaves_out_none(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what the list is too short to show is revoked."""
    monkeypatch.setattr("core.records.MOST_LISTED", 2)
    links = [(await shared(house)).link for _ in range(5)]
    assert len(await house.vault.control.secrets(house.vault.owner(ANN))) == 2
    assert await house.vault.control.forget(house.vault.owner(ANN)) == 5
    for link in links:
        with pytest.raises(Gone):
            await house.vault.open(link.id, link.key, Claim.random())


async def test_list_loses_what_is_long_over(house: House) -> None:
    """A sender who comes back for years leaves no list that grows for years."""
    await shared(house)
    mine = own_key(house.vault.owner(ANN))
    await house.redis.zadd(mine, {SecretId.random().raw: 1})
    link = (await shared(house)).link
    assert await house.redis.zcard(mine) == 2
    assert await house.redis.zscore(mine, link.id.raw) is not None


async def test_receipt_says_where_the_sender_is_told(house: House) -> None:
    """A receipt carries the sealed place, with the message once that was known."""
    link = (await shared(house)).link
    place = SenderRef("telegram", chat="1", language="de", message="77")
    await house.vault.control.refer(
        link.id, house.vault.owner(BEN), REF
    )  # not theirs: changes nothing
    await house.vault.control.refer(link.id, house.vault.owner(ANN), place)
    await house.vault.control.revoke(link.id, house.vault.owner(ANN))
    await house.outbox.flush()
    [(_, receipt)] = await house.receipts.since()
    assert house.vault.server_key.open_ref(link.id.raw, receipt.ref) == place
    assert b"telegram" not in receipt.ref
    with pytest.raises(Corrupt):
        house.vault.server_key.open_ref(SecretId.random().raw, receipt.ref)


async def test_each_receipt_has_one_reader_until_it_is_acknowledged(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers of a group share the receipts; what one leaves unacknowledged another gets."""
    for _ in range(2):
        await house.receipts.join("telegram")
    link = (await shared(house)).link
    await house.vault.control.revoke(link.id, house.vault.owner(ANN))
    await house.outbox.flush()

    [(entry, receipt)] = await house.receipts.take("telegram", "a")
    assert (receipt.secret_id, receipt.event) == (link.id, Event.REVOKED)
    assert await house.receipts.take("telegram", "b") == []
    monkeypatch.setattr("core.receipts.ABANDONED", 0)
    assert await house.receipts.take("telegram", "b") == [(entry, receipt)]
    await house.receipts.acknowledge("telegram", entry)
    assert await house.receipts.take("telegram", "c") == []


async def test_reader_waits_for_news(house: House) -> None:
    """Who asks before anything happened is told as soon as it does."""
    await house.receipts.join("telegram")
    waiting = asyncio.create_task(house.receipts.take("telegram", "a"))
    link = (await shared(house)).link
    await house.vault.control.revoke(link.id, house.vault.owner(ANN))
    [(_, receipt)] = await waiting
    assert receipt.secret_id == link.id
