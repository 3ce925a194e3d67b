"""The command as its operator uses it: real processes, started, used, ended."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from core.link import Claim, Link
from core.settings import Settings
from tests.contents import until
from tests.fakes.telegram import TOKEN, fake_telegram
from tests.generous import GENEROUS

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from aiohttp import ClientSession

ROOT = Path(__file__).parents[1]
MIB = 1024 * 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def running(folder: Path, *command: str, **settings: str) -> AbstractAsyncContextManager[Process]:
    """Run the command in a folder of its own; its errors go to `err` there."""
    return started(ROOT / "onetimeshare.py", folder, command, settings)


@asynccontextmanager
async def started(
    program: Path, folder: Path, command: Sequence[str], settings: Mapping[str, str]
) -> AsyncIterator[Process]:
    """Run a program in a folder, which is told to end with the block."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **GENEROUS, **settings}
    with (folder / "err").open("ab") as err:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(program),
            *command,
            cwd=folder,
            env=environment,
            stdout=err,
            stderr=err,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 30)


async def ready(client: ClientSession, url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                async with client.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            await asyncio.sleep(0.05)


async def shared(client: ClientSession, url: str, text: str) -> Link:
    async with client.post(f"{url}/upload", data={"text": text}) as answer:
        assert answer.status == 201
        return Link.parse((await answer.json())["link"])


async def opened(client: ClientSession, url: str, link: Link) -> str:
    fields = {"key": link.key.reveal(), "claim": Claim.random().reveal()}
    async with client.post(f"{url}/d/{link.id}", json=fields) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_one_command_does_the_main_job_and_ends_cleanly(
    tmp_path: Path, client: ClientSession
) -> None:
    """`run` needs no setting; SIGTERM ends it and its Redis, and nothing is lost."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    async with running(tmp_path, "run", PORT=port) as process:
        await ready(client, url)
        assert await opened(client, url, await shared(client, url, "first")) == "first"
        kept = await shared(client, url, "kept")
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert not (tmp_path / "data/redis/redis.sock").exists()
    async with running(tmp_path, "run", PORT=port):
        await ready(client, url)
        assert await opened(client, url, kept) == "kept"
    assert "TELEGRAM_BOT_TOKEN" in (tmp_path / "err").read_text()


async def test_killed_process_loses_nothing(tmp_path: Path, client: ClientSession) -> None:
    """After kill -9 the next start opens what was shared before."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    async with running(tmp_path, "run", PORT=port) as process:
        await ready(client, url)
        link = await shared(client, url, "kept")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with running(tmp_path, "run", PORT=port):
        await ready(client, url)
        assert await opened(client, url, link) == "kept"


async def test_door_that_is_refused_leaves_the_rest_open(
    tmp_path: Path, client: ClientSession
) -> None:
    """A wrong token is told with what to do; the web and a door with a good token work."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    async with fake_telegram() as telegram:
        given = {"PORT": port, "TELEGRAM_API_URL": telegram.url}
        async with running(tmp_path, "run", TELEGRAM_BOT_TOKEN="1:wrong", **given):
            await ready(client, url)
            await until(lambda: "refuses TELEGRAM_BOT_TOKEN" in (tmp_path / "err").read_text())
            assert await opened(client, url, await shared(client, url, "web")) == "web"
        async with running(tmp_path, "run", TELEGRAM_BOT_TOKEN=TOKEN, **given):
            await ready(client, url)
            telegram.say(text="from the chat")
            [answer] = await telegram.answers()
            found = re.search(r"http\S+/s/\S+", answer["text"])
            assert found is not None
            assert await opened(client, url, Link.parse(found[0])) == "from the chat"
    log = (tmp_path / "err").read_text()
    assert "from the chat" not in log
    assert TOKEN not in log
    assert Link.parse(found[0]).key.reveal() not in log


async def test_web_and_bot_join_the_running_owner(tmp_path: Path, client: ClientSession) -> None:
    """A second web process shares the first one's Redis; without an owner it says what to do."""
    first, second = str(free_port()), str(free_port())
    async with running(tmp_path, "web", PORT=first) as alone:
        assert await asyncio.wait_for(alone.wait(), 20) == 1
    assert "onetimeshare run" in (tmp_path / "err").read_text()
    async with running(tmp_path, "run", PORT=first), asyncio.timeout(60):
        await ready(client, f"http://127.0.0.1:{first}")
        async with running(tmp_path, "web", PORT=second):
            await ready(client, f"http://127.0.0.1:{second}")
            link = await shared(client, f"http://127.0.0.1:{first}", "joined")
            assert await opened(client, f"http://127.0.0.1:{second}", link) == "joined"


@pytest.mark.parametrize(
    ("command", "given", "told"),
    [
        (("run",), {"PORT": "none"}, "PORT"),
        (("run",), {"SECRET_KEY": "short"}, "openssl rand"),
        (("bot", "telegram"), {}, "docs/telegram.md"),
        (("bot", "discord"), {}, "docs/discord.md"),
        (("run",), {"REDIS_URL": "redis://127.0.0.1:1"}, "Redis does not answer"),
        (("run",), {"REDIS_URL": "http://x"}, "REDIS_URL"),
    ],
)
async def test_start_that_can_not_be_says_why(
    tmp_path: Path, command: tuple[str, ...], given: dict[str, str], told: str
) -> None:
    """A start that can't be ends at once, with a sentence and no traceback."""
    async with running(tmp_path, *command, **given) as process:
        assert await asyncio.wait_for(process.wait(), 20) == 1
    log = (tmp_path / "err").read_text()
    assert told in log
    assert "Traceback" not in log


async def test_password_is_hashed_without_standing_on_a_command_line(tmp_path: Path) -> None:
    """`hash-password` reads it, prints a setting that fits, and says what is too short."""

    async def made(password: str, *more: str) -> tuple[int | None, str, str]:
        pipe = asyncio.subprocess.PIPE
        command = [sys.executable, str(ROOT / "onetimeshare.py"), "hash-password", *more]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe
        )
        out, err = await process.communicate(f"{password}\n".encode())
        return process.returncode, out.decode(), err.decode()

    status, out, _ = await made("correct horse battery")
    assert status == 0
    (tmp_path / ".env").write_text(out)
    settings = Settings.read(tmp_path / ".env")
    assert settings.admin_password_hash is not None
    assert PasswordHasher().verify(settings.admin_password_hash, "correct horse battery")
    status, out, err = await made("short")
    assert (status, out) == (1, "")
    assert "12 characters" in err
    assert (await made("", "correct horse battery"))[0] == 2


async def test_key_that_does_not_fit_the_data_is_refused(
    tmp_path: Path, client: ClientSession
) -> None:
    """Another SECRET_KEY on the same Redis would lose senders and tickets: it does not start."""
    port = str(free_port())
    async with running(tmp_path, "run", PORT=port):
        await ready(client, f"http://127.0.0.1:{port}")
    async with running(tmp_path, "run", PORT=port, SECRET_KEY="A" * 43 + "=") as process:
        assert await asyncio.wait_for(process.wait(), 20) == 1
    assert "bring the old key back" in (tmp_path / "err").read_text()


def resident(process: int) -> int:
    """Read the resident memory of a process, in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_memory_stays_flat_over_a_gigabyte(tmp_path: Path, client: ClientSession) -> None:
    """1 GB goes in and out while the process grows by less than 40 MB."""
    port, size = str(free_port()), 10**9
    url, block = f"http://127.0.0.1:{port}", os.urandom(MIB)
    peak = 0

    async def zeros() -> AsyncIterator[bytes]:
        for start in range(0, size, MIB):
            yield block[: min(MIB, size - start)]
            watch()

    def watch() -> None:
        nonlocal peak
        peak = max(peak, resident(process.pid))

    async with running(tmp_path, "run", PORT=port, MAX_FILE_SIZE="2GB") as process:
        await ready(client, url)
        idle = resident(process.pid)
        async with client.post(f"{url}/upload", data=zeros()) as answer:
            assert answer.status == 201
            link = Link.parse((await answer.json())["link"])
        got = 0
        async with client.post(f"{url}/d/{link.id}", json={"key": link.key.reveal()}) as answer:
            assert answer.content_length == size
            async for piece in answer.content.iter_chunked(MIB):
                got += len(piece)
                watch()
    assert got == size
    assert peak - idle < 40_000_000, f"{(peak - idle) / 1e6:.0f} MB more than idle"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_memory_stays_flat_over_a_large_album(tmp_path: Path, client: ClientSession) -> None:
    """Ten files of 15 MB become one link while the process grows by less than 40 MB."""
    port, body, peak = str(free_port()), os.urandom(15_000_000), 0
    async with fake_telegram() as telegram:
        given = {"PORT": port, "TELEGRAM_API_URL": telegram.url, "TELEGRAM_BOT_TOKEN": TOKEN}
        async with running(tmp_path, "run", MAX_FILE_SIZE="200MB", **given) as process:
            await ready(client, f"http://127.0.0.1:{port}")
            telegram.say(text="warm")
            await telegram.said("is deleted")
            idle = resident(process.pid)

            def shared() -> bool:
                nonlocal peak
                peak = max(peak, resident(process.pid))
                return len(telegram.sent) > 1

            for _ in range(10):
                telegram.say(document=telegram.store(body), media_group_id="g")
            await until(shared, 60)
            await telegram.said("in one zip", "is deleted")
    assert peak - idle < 40_000_000, f"{(peak - idle) / 1e6:.0f} MB more than idle"
