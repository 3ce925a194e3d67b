"""A process that ends while something is handed in, or put into the chat of whoever asked.

operation  told before the end               not told
hand_in    its link waits and opens          its link waits and opens, or the next upload's does
deliver    the link that was told opens      it is told by another replica, and opens
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from core.invitation import Standing, key_of
from core.link import Link
from core.secret import State
from tests.crash import operations
from tests.crash.operations import DOOR
from tests.crash.prepared import asked, handed

if TYPE_CHECKING:
    from tests.crash.aftermath import Aftermath
    from tests.crash.stage import Stage

LARGE = {"write": 3, "fsync": 2, "rename": 1, "send": 3, "recv": 3}


async def used_once(after: Aftermath) -> None:
    house, (name, token) = after.house, after.given.invited
    seen = await house.invitations.inquire(name, token.digest)
    if seen.standing is Standing.OCCUPIED:
        await house.redis.hset(key_of(name), "till", 1)
    if seen.standing is not Standing.USED:
        assert "handed" not in after.ending
        await operations.hand_in(house, after.given, lambda *_: None)
    handover = await house.handed.look(name)
    assert handover is not None
    assert await house.redis.xlen(f"ots:{{inv}}:handed:{DOOR}") == 1
    link = handover.handed.link
    told = await house.vault.control.secrets(house.vault.owner(after.given.sender))
    assert [one.id for one in told if one.waiting] == [link.id]
    assert {one.state for one in told} <= {State.READY, State.REVOKED}
    await after.sweep_later()
    await after.nothing_lies_around()
    await after.opens(link)


@pytest.mark.parametrize(
    ("small", "least"), [(False, LARGE), (True, {"send": 3, "recv": 3, "write": 1})]
)
async def test_invitation_is_used_once_wherever_an_upload_ends(
    stage: Stage, small: bool, least: dict[str, int]
) -> None:
    """One link comes back and opens everything: that of this upload, or of the next one."""
    prepare = partial(asked, small=small)
    await stage.at_every_point(operations.hand_in, prepare, used_once, least=least)


async def test_link_is_told_wherever_a_delivery_ends(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told before the end or by the next replica, and then nothing of it is left in Redis."""
    monkeypatch.setattr("core.handed.ABANDONED", 0)
    monkeypatch.setattr("core.readers.PATIENCE", 1)

    async def check(after: Aftermath) -> None:
        house, (name, _) = after.house, after.given.invited
        told: list[str] = []
        await operations.deliver(house, after.given, lambda _, url="": told.append(url))
        links = {Link.parse(url) for url in after.ending.all("link") + told}
        assert len(links) == 1
        assert await house.handed.look(name) is None
        assert await house.redis.xlen(f"ots:{{inv}}:handed:{DOOR}") == 0
        [link] = links
        await after.opens(link)

    await stage.at_every_point(
        operations.deliver, handed, check, least={"send": 5, "recv": 5, "write": 1}
    )
