"""Three web servers behind a balancer work as one, also while they are replaced."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from tests.page import Page, Shared, hand_in
from tests.replicas.fleet import fleet
from tests.replicas.load import Load, somewhere
from tests.storms.conftest import at_once, one_won, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientSession

    from tests.replicas.fleet import Fleet

LONG = "SOAK" in os.environ
ROUNDS = 30 if LONG else 4
OPENERS = 150
REPLACEMENTS = 30 if LONG else 3
UPLOADS = 6
GUARDED = {"text": "x", "password": "four words of mine"}
GIVEN = {"TRUSTED_PROXIES": "127.0.0.1", "STOP_DELAY": "2s", "UPLOADS_PER_HOUR": str(UPLOADS)}


@pytest.fixture
async def webs(tmp_path: Path, client: ClientSession) -> AsyncIterator[Fleet]:
    async with fleet(tmp_path) as running:
        await running.web(client, 3, **GIVEN)
        yield running


@pytest.mark.timeout(900 if LONG else 120)
async def test_three_count_and_decide_as_one(webs: Fleet, client: ClientSession) -> None:
    """One of all openings wins, and limits and attempts hold for all three together."""
    for number in range(ROUNDS):
        told = await hand_in(client, webs.urls[number % 3], {"text": text_of(number)}, somewhere())
        shared = Shared.of(client, webs.urls[0], told)
        pages = [Page(client, webs.urls[n % 3], shared.link) for n in range(OPENERS)]
        one_won(pages, await at_once(page.download() for page in pages), text_of(number), "")

    told = await hand_in(client, webs.urls[0], GUARDED, somewhere())
    link = Shared.of(client, webs.urls[0], told).link
    guesses = [Page(client, webs.urls[n % 3], link).open(password=f"{n}") for n in range(6)]
    assert Counter(answer.problem for answer in await at_once(guesses))["wrong-password"] <= 5
    for url in webs.urls:  # those that were told to come back, until nobody may guess any more
        while (told := await Page(client, url, link).open(password="x")).problem != "locked":
            assert told.problem in {"wrong-password", "busy"}
    record = await webs.redis.hgetall(f"ots:{{{link.id}}}")
    assert record[b"tries"] == b"5"

    one_address = {"X-Forwarded-For": "198.51.100.7"}
    urls = cycle(webs.urls)
    tries = [hand_in(client, next(urls), {"text": "x"}, one_address) for _ in range(3 * UPLOADS)]
    statuses = Counter(answer.status for answer in await at_once(tries))
    assert statuses == {201: UPLOADS, 429: 2 * UPLOADS}


@pytest.mark.timeout(1800 if LONG else 180)
async def test_replacing_all_of_them_fails_no_request(webs: Fleet) -> None:
    """Under a load of small and large secrets each is stopped and started anew, in turn."""
    balancer = await webs.balancer([web.port for web in webs.webs])
    await balancer.all_ready()
    load = Load(balancer.url)
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(load.work(number, large=number < 4))
        for number in range(REPLACEMENTS):
            web = webs.webs[number % 3]
            shared = load.shared
            await web.stop()
            assert load.shared > shared
            await web.start()
            await balancer.all_ready()
        load.enough.set()
    assert load.opened == load.shared
    assert min(balancer.brought.values()) > 0
