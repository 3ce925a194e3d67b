"""What is acknowledged when replicas are to have it too, and what is said where they need not."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from core.errors import Unavailable
from core.redis_address import REPLICATED_WITHIN, RedisAddress
from core.redis_connection import connect, pipe_to
from core.redis_state import RedisState
from core.scripts import Scripts
from core.settings import Settings
from doctor.storage import storage
from tests.redis.servers import PRIMARY, comes_true, one_server, sentinel_of
from tests.test_process import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.redis.servers import Server

ONCE = """
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SET', KEYS[1], 1) end
return 'done'
"""


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Server, Server]]:
    """Run a primary and its replica."""
    async with AsyncExitStack() as stack:
        quick = {"repl-diskless-sync-delay": "0"}
        primary = await stack.enter_async_context(one_server(tmp_path, **quick))
        of = {"replicaof": f"127.0.0.1 {primary.port}"}
        replica = await stack.enter_async_context(one_server(tmp_path, **of))
        await comes_true(replica.linked)
        yield primary, replica


async def test_what_no_replica_has_is_not_acknowledged(pair: tuple[Server, Server]) -> None:
    """Nor is it when it is done again and finds itself done; what reads is answered all along."""
    primary, replica = pair
    address = RedisAddress.parse(f"redis://127.0.0.1:{primary.port}?replicas=1")
    async with connect(address) as redis:
        assert isinstance(redis, Redis)
        scripts = Scripts(pipe_to(redis, address.replicas))
        scripts.add("once", ONCE)
        assert await scripts("once", "ots:first") == b"done"
        assert await replica.redis.exists("ots:first")
        replica.silence()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await scripts("once", "ots:second")
            assert await scripts.together(("GET", "ots:second")) == [b"1"]
            await redis.connection_pool.disconnect()  # the next try is made on another one
        replica.wake()
        assert await scripts("once", "ots:second") == b"done"
        assert await replica.redis.exists("ots:second")
        await scripts.aclose()


async def test_many_wait_for_a_replica_as_long_as_one(pair: tuple[Server, Server]) -> None:
    """What is written in one moment waits together, and keeps nobody from reading."""
    primary, replica = pair
    address = RedisAddress.parse(f"redis://127.0.0.1:{primary.port}?replicas=1")
    async with connect(address) as redis:
        scripts = Scripts(pipe_to(redis, address.replicas))
        scripts.add("once", ONCE)
        assert await scripts("once", "ots:first") == b"done"
        replica.silence()
        writing = [asyncio.create_task(scripts("once", f"ots:{n}")) for n in range(20)]
        await comes_true(lambda: redis.exists("ots:0"))
        async with asyncio.timeout(3 * REPLICATED_WITHIN):
            assert await scripts.together(("GET", "ots:first")) == [b"1"]
            told = await asyncio.gather(*writing, return_exceptions=True)
        assert {type(one) for one in told} == {Unavailable}
        replica.wake()
        await scripts.aclose()


async def test_doctor_tells_what_a_fail_over_depends_on(
    pair: tuple[Server, Server], tmp_path: Path
) -> None:
    """A sentinel that is silent, and a primary that acknowledges alone, are doubted."""
    primary, _ = pair
    gone = free_port()
    async with sentinel_of(primary.port, tmp_path) as sentinel:
        asked = f"127.0.0.1:{sentinel.port},127.0.0.1:{gone}"
        url = f"redis+sentinel://{asked}/{PRIMARY}"
        given = {"DATA_DIR": str(tmp_path / "data"), "MIN_FREE_DISK": "0", "REDIS_URL": url}
        doubts = [str(one) for one in await storage(Settings.parse(given))]
        assert any("write replicas=1 in REDIS_URL" in one for one in doubts)
        assert any(f"sentinel 127.0.0.1:{gone}: Redis does not answer" in one for one in doubts)
        assert any("sentinels: 1 of 2 answer" in one for one in doubts)
        given["REDIS_URL"] += "?replicas=1"
        safe = [str(one) for one in await storage(Settings.parse(given))]
        assert not any("write replicas=1" in one for one in safe)


async def test_primary_that_needs_no_replica_is_warned_of(pair: tuple[Server, Server]) -> None:
    """Where a fail-over can undo what was written, that is said; alone it takes no writes then."""
    primary, replica = pair
    [before] = await RedisState.read(primary.redis)
    [risk] = before.risks()
    assert "set min-replicas-to-write 1" in risk
    await primary.redis.config_set("min-replicas-to-write", 1)
    [state] = await RedisState.read(primary.redis)
    assert state.takes_writes
    assert not state.risks()
    await replica.kill()
    await comes_true(lambda: _alone(primary))


async def _alone(primary: Server) -> bool:
    [state] = await RedisState.read(primary.redis)
    return not state.takes_writes
