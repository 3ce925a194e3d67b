"""What the doctor finds: real parts, each well and each ill."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from core.bootstrap import open_vault
from core.redis_server import address, find_server
from core.settings import Settings
from doctor.doors import discord, telegram
from doctor.finding import Grade
from doctor.machine import machine
from doctor.reach import reach
from doctor.storage import storage
from tests.fakes.authority import Authority
from tests.fakes.discord import TOKEN as DISCORD_TOKEN
from tests.fakes.discord import fake_discord
from tests.fakes.telegram import TOKEN, fake_telegram
from tests.test_process import ROOT, free_port, ready, running

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientSession

    from doctor.finding import Finding


def told(findings: list[Finding], grade: Grade = Grade.BAD) -> str:
    return "\n".join(str(finding) for finding in findings if finding.grade is grade)


async def examined(folder: Path, **given: str) -> tuple[int | None, str]:
    """Run the command; answer its exit code and all that it wrote."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "onetimeshare.py"), "doctor"),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **given},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode()


async def test_well_installation_has_no_problem_and_an_ill_one_fails(
    tmp_path: Path, client: ClientSession
) -> None:
    """Each part has its lines; a problem makes the command fail; no token is ever printed."""
    port = str(free_port())
    async with fake_telegram() as fake, running(tmp_path, "run", PORT=port):
        await ready(client, f"http://127.0.0.1:{port}")
        given = {"PORT": port, "TELEGRAM_API_URL": fake.url, "MIN_FREE_DISK": "1MB"}
        status, out = await examined(tmp_path, **given, TELEGRAM_BOT_TOKEN=TOKEN)
        assert status == 0, out
        for line in ("data folder: ", "Redis: version ", "Redis: writes in ", "clock: agrees "):
            assert f"ok       {line}" in out
        assert "ok       blob store: keeps 1 KiB in " in out
        assert "ok       Telegram: the bot is @" in out
        assert f"ok       public address: http://localhost:{port} answers" in out
        wrong = "123456:" + "Wrong" * 7
        (tmp_path / "data").chmod(0o750)
        (tmp_path / ".env").write_text("TZ=UTC\n")
        (tmp_path / ".env").chmod(0o644)
        status, ill = await examined(tmp_path, **given, TELEGRAM_BOT_TOKEN=wrong)
        assert status == 1
        assert "problem  Telegram: refuses TELEGRAM_BOT_TOKEN: take it from @BotFather" in ill
        assert "warning  data folder: its group can read it; run: chmod 700" in ill
        assert "warning  settings: others can read .env, where tokens may be" in ill
        assert "1 problems" in ill
    key = (tmp_path / "data/secret.key").read_text().strip()
    for secret in (TOKEN, wrong, key):
        assert secret not in out + ill
    assert "Traceback" not in out + ill


@asynccontextmanager
async def careless_redis(folder: Path) -> AsyncIterator[str]:
    """Run a Redis as it is installed: on a socket, without a log, dropping keys when it is full."""
    socket = folder / "careless.sock"
    server = await asyncio.create_subprocess_exec(
        *(find_server(), "--port", "0", "--unixsocket", str(socket), "--save", ""),
        *("--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(10):
            while not socket.exists():
                await asyncio.sleep(0.02)
        yield address(socket)
    finally:
        server.terminate()
        await server.wait()


async def test_redis_that_loses_secrets_is_told_by_the_doctor_the_start_and_readyz(
    tmp_path: Path,
) -> None:
    """No log, and keys dropped: a problem each, with the setting; it starts all the same."""
    async with careless_redis(tmp_path) as url:
        given = {"DATA_DIR": str(tmp_path / "data"), "REDIS_URL": url, "MIN_FREE_DISK": "0"}
        settings = Settings.parse(given)
        problems = told(await storage(settings))
        assert "set appendonly yes" in problems
        assert "set maxmemory-policy noeviction" in problems
        with capture_logs() as logged:
            async with open_vault(settings) as house:
                found = await house.readiness.look()
                assert (found.redis, found.durable, bool(found)) == (True, False, True)
                await house.redis.replicaof("127.0.0.1", "1")
                assert not await house.readiness.look()
                await house.redis.replicaof("NO", "ONE")
        assert sum(line["event"] == "redis may lose secrets" for line in logged) == 2


@asynccontextmanager
async def site(handler: web.Application, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    runner = web.AppRunner(handler)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port := free_port(), ssl_context=tls).start()
        yield f"{'https' if tls else 'http'}://localhost:{port}"
    finally:
        await runner.cleanup()


async def test_public_address_that_leads_elsewhere_is_told(tmp_path: Path) -> None:
    """Another server, a certificate nobody trusts, nobody at all: each has its sentence."""
    async with site(web.Application()) as url:
        assert "answers 404, not as OneTimeShare does" in told(await asked(url))
    async with site(web.Application(), Authority(tmp_path, ("localhost",)).server()) as url:
        findings = await asked(url)
        assert "no certificate that this machine trusts" in told(findings, Grade.DOUBTFUL)
        assert "TRUSTED_PROXIES is empty" in told(findings, Grade.DOUBTFUL)
    assert "refuses the connection: start the server" in told(await asked(url), Grade.DOUBTFUL)


async def asked(url: str, **given: str) -> list[Finding]:
    return await reach(Settings.parse({"PUBLIC_URL": url} | given))


@pytest.mark.parametrize(
    ("networks", "large"),
    [
        ("0.0.0.0/0", True),
        ("::/0", True),
        ("104.0.0.0/8", True),
        ("2400::/12", True),
        ("10.0.0.0/8,127.0.0.1,fd00::/8,2400:cb00::/32,173.245.48.0/20", False),
    ],
)
async def test_networks_that_visitors_are_in_are_no_proxies(networks: str, large: bool) -> None:
    """Whoever sits in a trusted network may say to be anybody, so it may not be the internet."""
    url = f"http://localhost:{free_port()}"
    problems = told(await asked(url, TRUSTED_PROXIES=networks))
    assert ("visitors may be in it" in problems) is large


async def test_discord_says_who_the_bot_is(tmp_path: Path) -> None:
    """A good token is told with the bot's name, a bad one with where to get another."""
    async with fake_discord(tmp_path) as fake:
        settings = Settings.parse({"DISCORD_BOT_TOKEN": DISCORD_TOKEN})
        [found] = await discord(settings, fake.connector)
        assert (found.grade, found.told[:11]) == (Grade.GOOD, "the bot is ")
        [found] = await discord(Settings.parse({"DISCORD_BOT_TOKEN": "wrong"}), fake.connector)
        assert "refuses DISCORD_BOT_TOKEN" in told([found])


async def test_webhook_that_fails_is_told() -> None:
    """Another address than the settings', and Telegram's own word on what went wrong."""
    async with fake_telegram() as fake:
        given = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": fake.url}
        fake.webhook = "https://example.org/hook"
        other = told(await telegram(Settings.parse(given)), Grade.DOUBTFUL)
        assert "another one is set" in other
        given["TELEGRAM_WEBHOOK_URL"] = fake.webhook
        assert not told(await telegram(Settings.parse(given)))
        fake.webhook_trouble = {
            "last_error_date": int(time.time()) - 60,
            "last_error_message": "Wrong response from the webhook: 502 Bad Gateway",
        }
        assert "502 Bad Gateway" in told(await telegram(Settings.parse(given)))


async def test_key_that_others_can_read_is_told(tmp_path: Path) -> None:
    """The data folder and the server's key belong to one user."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "secret.key").write_text("x")
    (folder / "secret.key").chmod(0o644)
    problems = told(await machine(Settings.parse({"DATA_DIR": str(folder)})))
    assert "data folder: others can read it; run: chmod 700" in problems
    assert "server key: others can read it; run: chmod 600" in problems
