"""Receipts become messages: each at least once, none twice, whoever is there to tell them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bots.notices import Notices, Unreachable
from core.receipts import Event, Receipt
from core.secret import Kind, Sender, SenderRef
from tests.contents import pieces, until

if TYPE_CHECKING:
    import pytest

    from bots.share import Share
    from core.bootstrap import House
    from core.link import Link

SENDER = Sender("telegram", "42")
REF = SenderRef("telegram", chat="42", language="de")


class Told:
    """A door's way to tell, which notes what it told, and fails as often as it should."""

    def __init__(self, *failures: Exception) -> None:
        self.told: list[tuple[Event, str]] = []
        self._failures = list(failures)

    async def __call__(self, receipt: Receipt, ref: SenderRef) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.told.append((receipt.event, ref.chat))


async def revoked(house: House, ref: SenderRef | None = REF) -> Link:
    owner = house.vault.owner(SENDER)
    sealed = await house.vault.seal(pieces(b"x"), kind=Kind.FILE, owner=owner, ref=ref)
    await house.vault.control.revoke(sealed.link.id, owner)
    return sealed.link


async def settled(house: House, group: str) -> None:
    """Wait until every receipt that there is was acknowledged."""
    await house.outbox.flush()
    async with asyncio.timeout(10):
        while True:
            [state] = [
                one
                for one in await house.redis.xinfo_groups("ots:receipts")
                if one["name"] == group.encode()
            ]
            if not state["pending"] and not state["lag"]:
                return
            await asyncio.sleep(0.01)


async def test_sender_is_told_once(house: House, share: Share) -> None:
    """A receipt reaches its sender, and a double of it in the stream does not."""
    tell = Told()
    async with Notices(share, "telegram", tell).telling():
        await revoked(house)
        await until(lambda: tell.told)
        [(_, receipt)] = await house.receipts.since()
        await house.receipts.publish([receipt])
        await settled(house, "telegram")
    assert tell.told == [(Event.REVOKED, "42")]


async def test_double_that_comes_at_once_is_told_once(
    house: House, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of readers who take the same receipt in the same moment one tells it; the others see that."""
    monkeypatch.setattr("core.receipts.ABANDONED", 100)
    await revoked(house)
    await house.outbox.flush()
    [(_, receipt)] = await house.receipts.since()
    await house.receipts.publish([receipt] * 5)
    tell = Told()

    async def slowly(receipt: Receipt, ref: SenderRef) -> None:
        await asyncio.sleep(0.05)  # as a platform takes
        await tell(receipt, ref)

    async with (
        Notices(share, "telegram", slowly).telling(),
        Notices(share, "telegram", slowly).telling(),
    ):
        await until(lambda: tell.told)
        await settled(house, "telegram")
    assert tell.told == [(Event.REVOKED, "42")]


async def test_what_happened_while_the_bot_was_down_is_told_when_it_is_back(
    house: House, share: Share
) -> None:
    """Receipts wait for their door."""
    await revoked(house)
    await house.outbox.flush()
    tell = Told()
    async with Notices(share, "telegram", tell).telling():
        await until(lambda: tell.told)
    assert tell.told == [(Event.REVOKED, "42")]


async def test_replicas_share_the_work_and_take_over(
    house: House, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two replicas one tells each; what one could not tell is told again."""
    monkeypatch.setattr("core.receipts.ABANDONED", 100)
    tell = Told(ConnectionError())
    async with (
        Notices(share, "telegram", tell).telling(),
        Notices(share, "telegram", tell).telling(),
    ):
        for _ in range(5):
            await revoked(house)
        await until(lambda: len(tell.told) == 5)
        await settled(house, "telegram")
    assert len(tell.told) == 5


async def test_blocked_chat_is_dropped(house: House, share: Share) -> None:
    """Who can't be reached any more is not asked again, and holds up nobody."""
    tell = Told(Unreachable())
    async with Notices(share, "telegram", tell).telling():
        await revoked(house)
        await settled(house, "telegram")
        await revoked(house)
        await until(lambda: tell.told)
        await settled(house, "telegram")
    assert len(tell.told) == 1
    counted = house.metrics.registry.get_sample_value
    for outcome in ("told", "dropped"):
        labels = {"door": "telegram", "outcome": outcome}
        assert counted("onetimeshare_receipts_total", labels) == 1


async def test_other_doors_receipts_are_left_to_them(house: House, share: Share) -> None:
    """A door tells its own senders only; secrets of the web have nobody to tell."""
    tell = Told()
    async with Notices(share, "discord", tell).telling():
        await revoked(house)
        await revoked(house, None)
        await settled(house, "discord")
    assert tell.told == []


async def test_stop_lets_a_notice_be_told_to_the_end(house: House, share: Share) -> None:
    """A bot that stops while it tells does not leave it to be told once more."""
    began, go_on = asyncio.Event(), asyncio.Event()
    told = []

    async def slowly(receipt: Receipt, _ref: SenderRef) -> None:
        began.set()
        await go_on.wait()
        told.append(receipt.event)

    async def live() -> None:
        async with Notices(share, "telegram", slowly).telling():
            await asyncio.Event().wait()

    living = asyncio.create_task(live())
    await revoked(house)
    await began.wait()
    living.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait([living])
    assert told == [Event.REVOKED]
    await settled(house, "telegram")
