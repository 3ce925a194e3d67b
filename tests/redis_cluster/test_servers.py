"""Servers of a cluster restart, are replaced, and hand slots over, while people share and open."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from core.errors import Unavailable
from core.redis_address import RedisAddress
from core.redis_connection import connect, pipe_to
from core.scripts import Scripts
from tests.redis_cluster.nodes import wait_until
from tests.redis_cluster.traffic import Traffic
from tests.test_process import free_port, ready
from tests.test_process import running as process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientSession

    from tests.redis_cluster.nodes import Node, Nodes

INDEX = [f"ots:due:{shard}" for shard in range(64)]


@pytest.fixture
async def traffic(nodes: Nodes, tmp_path: Path, client: ClientSession) -> AsyncIterator[Traffic]:
    """Run a web process, and give those who use it."""
    nodes.empty()
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    given = {"PORT": port, "REDIS_URL": nodes.url, "UPLOADS_PER_HOUR": "0", "OPENS_PER_MINUTE": "0"}
    async with process(tmp_path, "web", **given):
        await ready(client, url)
        yield Traffic(client, url)


async def test_primary_that_restarts_loses_nothing(nodes: Nodes, traffic: Traffic) -> None:
    """Meanwhile people are told to come back, or served by the others; then all is there."""
    stays, killed, _ = nodes.primaries
    for one in nodes.all:
        one.redis.config_set("cluster-require-full-coverage", "no")
    async with traffic.flowing():
        await traffic.more(20)
        killed.kill()
        await traffic.more_failed(10)
        await asyncio.to_thread(wait_until, lambda: stays.misses(killed))
        await traffic.more(10)
        await asyncio.to_thread(killed.start)
        await asyncio.to_thread(wait_until, nodes.ready)
        await traffic.more(50)
    for one in nodes.all:
        one.redis.config_set("cluster-require-full-coverage", "yes")
    traffic.see_failures_told()
    await traffic.see_each_opened_once()


async def test_replica_takes_over(nodes: Nodes, traffic: Traffic) -> None:
    """What its primary had acknowledged and it has, opens with it, once."""
    async with traffic.flowing():
        await traffic.more(50)
    await asyncio.to_thread(wait_until, nodes.replicated)
    async with replaced(nodes):
        async with traffic.flowing():
            await traffic.more_failed(1)
            await asyncio.to_thread(wait_until, nodes.primaries[0].leads)
            await traffic.more(50)
        traffic.see_failures_told()
        await traffic.see_each_opened_once()


async def test_what_no_replica_has_is_not_acknowledged(nodes: Nodes) -> None:
    """With `replicas=1` each primary's replica must have it; what reads is answered all along."""
    await asyncio.to_thread(wait_until, nodes.replicated)
    names = [f"test:{n}" for n in range(50)]
    followed = next(one for one in names if nodes.owner(one) is nodes.primaries[0])
    alone = next(one for one in names if nodes.owner(one) is nodes.primaries[1])
    address = RedisAddress.parse(f"{nodes.url}?replicas=1")
    async with connect(address) as redis:
        scripts = Scripts(pipe_to(redis, address.replicas))
        assert await scripts.together(("SET", followed, 1)) == [True]
        assert nodes.replicas[0].keeps(followed)
        nodes.replicas[0].silence()
        try:
            with pytest.raises(Unavailable):
                await scripts.together(("SET", followed, 2))
            assert await scripts.together(("GET", followed), ("GET", alone)) == [b"2", None]
        finally:
            nodes.replicas[0].wake()
        await asyncio.to_thread(wait_until, nodes.replicas[0].follows)
        assert await scripts.together(("SET", followed, 3)) == [True]
        with pytest.raises(Unavailable):
            await scripts.together(("SET", alone, 1))
        await scripts.aclose()


async def test_slots_move_and_nobody_notices(nodes: Nodes, traffic: Traffic) -> None:
    """While the index moves to another server and back, nobody is turned away, nothing is lost."""
    first, _, third = nodes.primaries
    moved = [key for key in INDEX if nodes.owner(key) is first]
    async with traffic.flowing():
        await traffic.more(20)
        for giver, taker in (first, third), (third, first):
            for key in moved:
                await asyncio.to_thread(move, key, giver, taker)
            await traffic.more(50)
    assert not traffic.failed
    await traffic.see_each_opened_once()


@asynccontextmanager
async def replaced(nodes: Nodes) -> AsyncIterator[None]:
    """Kill the first primary; afterwards it comes back as the replica of the one that took over."""
    [killed], [follower] = nodes.primaries[:1], nodes.replicas
    killed.kill()
    nodes.primaries[0], nodes.replicas[0] = follower, killed
    try:
        yield
    finally:
        await asyncio.to_thread(killed.start)
        await asyncio.to_thread(wait_until, nodes.ready)


def move(key: str, giver: Node, taker: Node) -> None:
    """Hand a key's slot over, as `valkey-cli --cluster reshard` does."""
    slot: int = giver.ask("CLUSTER KEYSLOT", key)
    taker.ask("CLUSTER SETSLOT", slot, "IMPORTING", giver.id)
    giver.ask("CLUSTER SETSLOT", slot, "MIGRATING", taker.id)
    while keys := giver.ask("CLUSTER GETKEYSINSLOT", slot, 100):
        giver.ask("MIGRATE", "127.0.0.1", taker.port, "", 0, 5000, "KEYS", *keys)
    for one in (taker, giver):
        one.ask("CLUSTER SETSLOT", slot, "NODE", taker.id)
