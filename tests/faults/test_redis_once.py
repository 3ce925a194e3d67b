"""One fault between the web server and its Redis, at each step: nobody notices."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from core.draft import KEPT
from core.record import record_key
from tests.contents import until
from tests.faults.conftest import PASSWORD, calls_of
from tests.faults.kinds import ONE
from tests.page import Page, Shared

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.faults.kinds import Once
    from tests.faults.proxy import Proxy

LONG = "once " * KEPT  # a file of its own, not a part of its record
LIFE = ("create", "peek", "claim", "check", "release", "touch", "done", "published")
every_fault = pytest.mark.parametrize("kind", ONE, ids=lambda kind: kind.__name__)


def at_script(kind: type[Once], name: str) -> Once:
    return kind(calls_of(name))


async def one_life(web: Web, client: ClientSession, at: str) -> None:
    """Share, look, open, fetch, burn; whoever comes later is told that it was opened."""
    shared = await Shared.hand_in(client, web.url, text=LONG)
    page, late = (Page(client, web.url, shared.link) for _ in range(2))
    assert (await page.peek()).status == 200, at
    assert (await page.open()).status == 200, at
    assert (await late.open()).problem == "taken", at
    assert (await page.data()).status == 200, at
    assert page.received == LONG.encode(), at
    assert (await page.done()).status == 204, at
    assert (await late.download()).more["state"] == "opened", at


@every_fault
async def test_life_goes_on_as_if_nothing_had_been(
    web: Web, client: ClientSession, redis_side: Proxy, kind: type[Once]
) -> None:
    """Whichever step it strikes: each call is answered well, and one page received one secret."""
    await one_life(web, client, "so that Redis knows every script")
    await web.house.outbox.flush()
    for script in LIFE:
        redis_side.fault = fault = at_script(kind, script)
        await one_life(web, client, script)
        await until(partial(getattr, fault, "struck"))
    await web.house.outbox.flush()
    ends = {(told.secret_id, told.occasion) for _, told in await web.house.receipts.since()}
    assert len(ends) == 1 + len(LIFE), "each secret came to one end"
    assert len(await web.house.redis.keys("ots:{*}")) == 1 + len(LIFE), "none was made twice"


@every_fault
async def test_password_is_counted_once(
    web: Web, client: ClientSession, redis_side: Proxy, kind: type[Once]
) -> None:
    """A step that is repeated takes one attempt, not two, and the right password gives it back."""
    shared = await Shared.hand_in(client, web.url, text="once", password=PASSWORD)
    page = Page(client, web.url, shared.link)
    # Redis knows the three scripts from here on.
    assert (await page.open()).problem == "password-required"
    assert (await page.open(password="wrong")).more["attempts_left"] == 4
    for script, left in (("attempt", 3), ("resolve", 2)):
        redis_side.fault = fault = at_script(kind, script)
        assert (await page.open(password="wrong")).more["attempts_left"] == left, script
        assert fault.struck, script
    redis_side.fault = fault = at_script(kind, "claim")
    assert (await page.open(password=PASSWORD)).status == 200
    assert fault.struck
    assert await web.house.redis.hget(record_key(shared.id), "tries") == b"3"
    assert (await page.data()).status == 200
    assert page.received == b"once"


@every_fault
async def test_revoke_is_told_that_it_was_done(
    web: Web, client: ClientSession, redis_side: Proxy, kind: type[Once]
) -> None:
    """The sender hears that it is revoked, and it is."""
    first = await Shared.hand_in(client, web.url, text="so that Redis knows the scripts")
    assert (await first.revoke()).status == 204
    for script in ("inspect", "revoke"):
        shared = await Shared.hand_in(client, web.url, text="never")
        page = Page(client, web.url, shared.link)
        redis_side.fault = fault = at_script(kind, script)
        assert (await shared.revoke()).status == 204, script
        assert fault.struck, script
        assert (await page.download()).more["state"] == "revoked", script
        assert page.received == b"", script
