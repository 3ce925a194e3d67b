"""A process that ends while a secret comes in: it is there whole or not at all.

operation  told before the end                not told
create     the link opens                     what is left can be opened by nobody, or is swept
share      the link opens, and a repeat of the same event leaves one live secret: the last told
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from core.link import Link, SecretId
from core.secret import State
from tests.crash import operations
from tests.crash.aftermath import LIVE
from tests.crash.operations import DOOR
from tests.crash.prepared import nothing

if TYPE_CHECKING:
    from tests.crash.aftermath import Aftermath
    from tests.crash.stage import Stage


async def live_secrets_of(after: Aftermath) -> list[SecretId]:
    """List the ids of what this sender has, as Redis knows it."""
    owner = after.house.vault.owner(after.given.sender)
    live = []
    async for name in after.house.redis.scan_iter("ots:{*}"):
        secret_id = SecretId.parse(name.decode()[len("ots:{") : -len("}")])
        if (await after.record(secret_id)).get("owner") == owner:
            live += [secret_id] * (await after.state(secret_id) in LIVE)
    return live


async def whole_or_not_at_all(after: Aftermath) -> None:
    await after.sweep_later()
    await after.nothing_lies_around()
    live = await live_secrets_of(after)
    assert len(live) <= 1
    if after.ending.all("link"):
        [told] = after.ending.all("link")
        assert live == [Link.parse(told).id]
        await after.opens(Link.parse(told))
    else:
        for secret_id in live:  # nobody has its link: its bytes are all there, and its time ends
            assert await after.latched_by(secret_id) is None
            await after.move(secret_id, State.READY, "expires", 1)
            await after.sweep_later(orphans=False)
            await after.is_over(secret_id)


LARGE = {"open": 3, "write": 3, "mkdir": 1, "fsync": 3, "rename": 1, "send": 1, "recv": 1}


@pytest.mark.parametrize(
    ("small", "least"), [(False, LARGE), (True, {"send": 1, "recv": 1, "write": 1})]
)
async def test_link_that_was_told_opens_and_no_other_bytes_stay(
    stage: Stage, small: bool, least: dict[str, int]
) -> None:
    """Wherever a creation ends, a told link opens everything, and the rest is swept."""
    prepare = partial(nothing, small=small)
    await stage.at_every_point(operations.create, prepare, whole_or_not_at_all, least=least)


async def test_link_that_a_door_told_opens(stage: Stage) -> None:
    """The same holds for a chat's door, which marks its event before and after."""
    await stage.at_every_point(
        operations.share,
        nothing,
        whole_or_not_at_all,
        least={"write": 3, "fsync": 2, "rename": 1, "send": 3, "recv": 3},
    )


async def test_repeated_event_leaves_one_live_secret(stage: Stage) -> None:
    """A chat that tells its event again gets one link that opens; an earlier one no longer does."""

    async def repeat(after: Aftermath) -> None:
        mark = after.house.creations.mark(DOOR, after.given.user)
        if await after.house.redis.hget(mark, "state") == b"working":
            await after.house.redis.hset(mark, "until", 1)
        again = await stage.run(operations.share, after.given)
        assert bool(again.all("refused")) != bool(again.all("link"))
        *replaced, last = [Link.parse(url) for url in after.ending.all("link") + again.all("link")]
        assert await live_secrets_of(after) == [last.id]
        for link in replaced:
            await after.is_gone(link, State.REVOKED)
        await after.opens(last)

    await stage.at_every_point(
        operations.share,
        nothing,
        repeat,
        least={"write": 3, "fsync": 2, "rename": 1, "send": 3, "recv": 3},
    )
