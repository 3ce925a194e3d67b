"""A process that ends while a secret goes out: at most one page receives a byte of it.

operation  whoever has the latch      before the latch            when it is over
open       nobody                     opens for anyone            -
data       page A: fetches all again  opens for anyone, not A     one receipt, no key, no bytes
download   page A: calls again        opens for anyone, not A     one receipt, no key, no bytes
done       page A: fetches all again  -                           one receipt, no key, no bytes
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from core.errors import Gone, Taken
from core.link import Claim
from core.secret import State
from tests.contents import received as received_by
from tests.crash import operations
from tests.crash.prepared import claimed, received, waiting

if TYPE_CHECKING:
    from tests.crash.aftermath import Aftermath
    from tests.crash.stage import Stage


async def ends_once(after: Aftermath) -> None:
    """The window passes, one sweep comes: all is gone, and the sender was told of one end."""
    secret_id = after.given.secret.id
    await after.window_passes(secret_id)
    await after.sweep_later()
    await after.is_over(secret_id)
    await after.is_gone(after.given.secret, State.OPENED)


async def test_claim_keeps_a_secret_for_one_lease_at_most(stage: Stage) -> None:
    """Wherever an opening ends, nobody received anything, and anyone can open a lease later."""

    async def check(after: Aftermath) -> None:
        link = after.given.secret
        assert await after.latched_by(link.id) is None
        if await after.state(link.id) == State.CLAIMED:
            with pytest.raises(Taken):
                await after.house.vault.open(link.id, link.key, Claim.random())
        else:
            assert "ticket" not in after.ending
        await after.opens(link)

    await stage.at_every_point(
        operations.open_, waiting, check, least={"send": 1, "recv": 1, "write": 1}
    )


async def test_password_that_was_being_checked_costs_one_attempt_at_most(stage: Stage) -> None:
    """An evaluation that ends with its process counts as wrong; the right password still opens."""

    async def check(after: Aftermath) -> None:
        link = after.given.secret
        glance = await after.house.vault.peek(link.id, link.key)
        assert glance.attempts_left in {4, 5}
        await after.opens(link, after.given.password)

    await stage.at_every_point(
        operations.open_,
        partial(waiting, password="right"),
        check,
        least={"send": 2, "recv": 2, "write": 1},
    )


@pytest.mark.parametrize("small", [False, True])
async def test_bytes_go_to_the_page_that_the_latch_names(stage: Stage, small: bool) -> None:
    """Before the latch nobody received a byte; after it the same page may, and nobody else."""

    async def check(after: Aftermath) -> None:
        link = after.given.secret
        got = bytes.fromhex("".join(after.ending.all("bytes")))
        assert after.given.content.startswith(got)
        if await after.latched_by(link.id) is None:
            assert got == b""
            await after.opens(link)
            with pytest.raises(Gone):
                await after.fetches(after.given)
        else:
            await after.is_gone(link, State.OPENED)
            assert await after.fetches(after.given) == after.given.content
            await after.is_gone(link, State.OPENED)
            await ends_once(after)

    await stage.at_every_point(
        operations.data,
        partial(claimed, small=small),
        check,
        least={"symlink": 1, "fsync": 1, "send": 3, "recv": 3, "write": 2 - small},
    )


@pytest.mark.parametrize("small", [False, True])
async def test_call_that_broke_can_be_repeated_by_its_page_alone(stage: Stage, small: bool) -> None:
    """The one call for scripts: with the same claim it is repeated until the end burned it."""

    async def check(after: Aftermath) -> None:
        link, page = after.given.secret, after.given.page
        vault = after.house.vault
        got = bytes.fromhex("".join(after.ending.all("bytes")))
        assert after.given.content.startswith(got)
        if await after.latched_by(link.id) is None:
            assert got == b""
            await after.opens(link)
            with pytest.raises(Gone):
                await vault.open(link.id, link.key, page)
            return
        if await after.state(link.id) != State.BURNED:
            assert await received_by(vault, link.id, link.key, page) == after.given.content
        else:
            assert got == after.given.content
        await after.is_gone(link, State.OPENED)
        await ends_once(after)

    await stage.at_every_point(
        operations.download,
        partial(waiting, small=small),
        check,
        least={
            "symlink": 1,
            "fsync": 1,
            "send": 4,
            "recv": 4,
            "unlink": not small,
            "write": 2 - small,
        },
    )


@pytest.mark.parametrize("small", [False, True])
async def test_done_burns_or_leaves_the_window_to_do_it(stage: Stage, small: bool) -> None:
    """Until it is burned its page fetches again; afterwards all is gone, told as it was."""

    async def check(after: Aftermath) -> None:
        state = await after.state(after.given.secret.id)
        if state == State.OPENED:
            assert "done" not in after.ending
            assert await after.fetches(after.given) == after.given.content
        await after.is_gone(after.given.secret, State.OPENED)
        await ends_once(after)
        told = "unconfirmed" if state == State.OPENED else "opened"
        assert await after.ends(after.given.secret.id) == {told}

    await stage.at_every_point(
        operations.done,
        partial(received, small=small),
        check,
        least={"unlink": not small, "send": 3, "recv": 3, "write": 1},
    )
