"""One cluster behind several processes: a storm, the order of its steps, and what is told of it."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.bootstrap import open_vault
from core.errors import CannotStart, StorageFull, Unavailable
from core.link import Claim, SecretId
from core.record import index_key, record_key
from core.redis_address import RedisAddress
from core.redis_rights import rule
from core.scripts import TRIPS
from core.secret import Kind
from core.settings import Settings
from doctor.finding import Grade
from doctor.storage import storage
from tests.contents import pieces, received
from tests.page import Page, Shared
from tests.redis.servers import Server
from tests.redis.test_rights import PASSWORD, operator, requests, senders, sweep
from tests.stores import at
from tests.test_process import free_port, ready, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from aiohttp import ClientSession

    from core.bootstrap import House
    from tests.redis_cluster.nodes import Node, Nodes

ROUNDS = 5
AT_ONCE = 60
LARGE = os.urandom(600_000)  # several pieces
TEXT = "the code is 4711"


async def test_of_a_storm_on_two_processes_one_receives_it(
    nodes: Nodes, settings: Settings, tmp_path: Path, client: ClientSession
) -> None:
    """Real processes that share nothing but the cluster and the latch: one page has the text."""
    async with AsyncExitStack() as stack:
        urls = []
        for _ in range(2):
            port = str(free_port())
            urls.append(f"http://127.0.0.1:{port}")
            given = {"PORT": port, "REDIS_URL": nodes.url}
            await stack.enter_async_context(running(tmp_path, "web", **given))
            await ready(client, urls[-1])
        for _ in range(ROUNDS):
            link = (await Shared.hand_in(client, urls[0], text=TEXT)).link
            pages = [Page(client, urls[n % 2], link) for n in range(AT_ONCE)]
            told = await asyncio.gather(*(page.download() for page in pages))
            assert [bytes(one.received) for one in pages if one.received] == [TEXT.encode()]
            assert {one.problem for one in told if one.status != 200} <= {"taken", "gone"}


def apart(nodes: Nodes) -> tuple[str, str]:
    """Find two keys that lie on two servers."""
    names = [f"test:{n}" for n in range(50)]
    other = next(one for one in names if nodes.owner(one) is not nodes.owner(names[0]))
    return names[0], other


async def test_second_stage_waits_for_the_first(house: House, nodes: Nodes) -> None:
    """What a full server refuses, keeps another from what was to come after it, and only that."""
    first, second = apart(nodes)
    full = nodes.owner(first)
    with limited(full):
        with pytest.raises(Unavailable):
            await house.scripts.in_order([("SET", first, 1)], [("SET", second, 1)])
        assert await house.scripts.together(("GET", second)) == [None]
        assert await house.scripts.in_order([("SET", second, 1)], [("GET", first)]) == [True, None]


async def test_secret_that_the_index_does_not_take_is_not_there(house: House, nodes: Nodes) -> None:
    """A record is made only where the sweeper will find it: its sender is told, and it is not."""
    ids = (SecretId.random() for _ in range(1000))
    one = next(n for n in ids if nodes.owner(index_key(n)) is not nodes.owner(record_key(n)))
    with limited(nodes.owner(index_key(one))), pytest.raises(StorageFull):
        await house.vault.seal(pieces(TEXT.encode()), kind=Kind.TEXT, secret_id=one)
    await house.scripts.aclose()  # nothing is on its way any more
    assert await house.redis.hget(record_key(one), "size") is None


async def test_server_that_hangs_holds_up_no_other(house: House, nodes: Nodes) -> None:
    """Calls to it wait, in as many trips as may be under way; those to another are answered."""
    hanging, other = apart(nodes)
    nodes.owner(hanging).ask("CLIENT PAUSE", 60_000, "WRITE")
    waiting = []
    try:
        for _ in range(2 * TRIPS):
            waiting.append(asyncio.create_task(house.scripts.together(("SET", hanging, 1))))
            await asyncio.sleep(0)  # each sets out alone
        assert await house.scripts.together(("SET", other, 1)) == [True]
        assert not any(one.done() for one in waiting)
    finally:
        nodes.owner(hanging).ask("CLIENT UNPAUSE")
    assert await asyncio.gather(*waiting) == [[True]] * len(waiting)


async def test_blobs_lie_there_too(nodes: Nodes, settings: Settings) -> None:
    """With `BLOBS_URL=redis:` pieces and latch are in the slot of their secret, and add up."""
    given = {"DATA_DIR": str(settings.data_dir), "REDIS_URL": nodes.url, "MAX_SIZE": "1MB"}
    async with open_vault(at("redis:", **given)) as house:
        for _ in range(5):
            link = (await house.vault.seal(pieces(LARGE), kind=Kind.FILE)).link
            assert await received(house.vault, link.id, link.key, Claim.random()) == LARGE
        await house.vault.seal(pieces(LARGE), kind=Kind.FILE)
        assert len(LARGE) < await house.blobs.stored() < 7 * len(LARGE)
        await house.sweeper.sweep()


async def test_worst_server_counts_and_is_named(
    house: House, settings: Settings, nodes: Nodes
) -> None:
    """Where one is full, there is no room; one that may forget is told by the doctor."""
    assert (await house.readiness.look()).room
    odd = nodes.primaries[1]
    with limited(odd):
        assert not (await house.readiness.look()).room
    with changed(odd, "appendfsync", "everysec", "always"):
        ready = await house.readiness.look()
        found = [one for one in await storage(settings) if "set appendfsync" in one.told]
    assert (ready.redis, ready.durable) == (True, False)
    assert [(one.grade, one.about) for one in found] == [(Grade.BAD, f"Redis 127.0.0.1:{odd.port}")]


async def test_user_who_may_do_the_least_does_everything(nodes: Nodes, settings: Settings) -> None:
    """All is done as a user with the rights that the docs name; one less is told at the start."""
    for one in nodes.all:
        one.ask(*rule(PASSWORD, cluster=True).split())
    try:
        named = nodes.url.replace("//", f"//onetimeshare:{PASSWORD}@")
        least = replace(settings, redis_url=RedisAddress.parse(named))
        async with open_vault(least) as house:
            await senders(house)
            await requests(house)
            await operator(house)
            await sweep(house)
        for one in nodes.all:
            one.ask("ACL", "SETUSER", "onetimeshare", "-asking")
        with pytest.raises(CannotStart, match="may not do asking"):
            await started(least)
    finally:
        for one in nodes.all:
            one.ask("ACL", "DELUSER", "onetimeshare")


async def test_address_of_the_other_kind_is_refused_at_the_start(
    nodes: Nodes, tmp_path: Path
) -> None:
    """A server of a cluster is no single one, nor the other way round; each says what to write."""
    one_of_many = f"redis://127.0.0.1:{nodes.primaries[0].port}"
    with pytest.raises(CannotStart, match=r"redis\+cluster://"):
        await started(coming_to(tmp_path, one_of_many))
    single = Server(tmp_path)
    try:
        await single.start()
        with pytest.raises(CannotStart, match="write redis:// instead"):
            await started(coming_to(tmp_path, f"redis+cluster://127.0.0.1:{single.port}"))
    finally:
        await single.aclose()
    with pytest.raises(CannotStart, match="does not answer"):
        await started(coming_to(tmp_path, f"redis+cluster://127.0.0.1:{single.port}"))


def coming_to(folder: Path, url: str) -> Settings:
    return Settings.parse({"DATA_DIR": str(folder / "data"), "REDIS_URL": url})


async def started(settings: Settings) -> None:
    async with open_vault(settings):
        pass


@contextmanager
def changed(node: Node, setting: str, value: str, usual: str) -> Iterator[None]:
    """Set a server otherwise in the block."""
    node.redis.config_set(setting, value)
    try:
        yield
    finally:
        node.redis.config_set(setting, usual)


def limited(node: Node) -> AbstractContextManager[None]:
    """Let a server be full."""
    return changed(node, "maxmemory", "1", "0")
