"""What each process has in memory: at rest, and while many transfers run."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.benchmarks import process
from tests.benchmarks.calls import sample
from tests.benchmarks.servers import OURS, environment, fleet, folders, server
from tests.benchmarks.slow import Crowd
from tests.benchmarks.table import Table, Target
from tests.fakes import discord, telegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.benchmarks.scale import Scale
    from tests.benchmarks.servers import Fleet

WANTED = 80.0  # MB
COPYING = "copying"  # the control: a server that does nothing else


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give what is resident, in MB."""
    table = Table(
        "Memory",
        "resident, in MB, shared libraries included",
        ("process", "when", "MB"),
    )
    async with (
        folders() as folder,
        fleet(folder / "ours", "ours", 2) as ours,
        fleet(folder / "copying", COPYING) as copying,
    ):
        await _at_rest(table, folder, ours, copying, scale)
        for name, one in (("run", ours), (COPYING, copying)):
            await _busy(table, name, one, scale)
    table.targets = [
        Target(f"{what}, {when}, MB:", WANTED, float(found), most=True)
        for what, when, found in table.rows
        if what not in {"Redis", COPYING}
    ]
    yield table


async def _at_rest(table: Table, folder: Path, ours: Fleet, copying: Fleet, scale: Scale) -> None:
    for port in ours.ports:
        await sample(port, folder)  # what a first request loads is loaded
    async with _telegram(ours.folder) as telegram_pid, _discord(ours.folder) as discord_pid:
        await asyncio.sleep(scale.rest)
        run, web = (one.pid for one in ours.processes)
        pids = {"run": run, "web": web, "bot telegram": telegram_pid, "bot discord": discord_pid}
        pids |= {"Redis": ours.redis or 0, COPYING: copying.pid}
        for name, pid in pids.items():
            table.rows.append((name, "at rest", process.resident(pid)))


async def _busy(table: Table, name: str, one: Fleet, scale: Scale) -> None:
    crowd = Crowd(one.ports[0], scale.transfers, scale.transfer)
    size = f"of {scale.transfer / 1e6:g} MB at once"
    for what, move in (("uploads", crowd.upload), ("downloads", crowd.download)):
        process.forget_peak(one.pid)
        await move()
        when = f"at most, {scale.transfers} {what} {size}"
        table.rows.append((name, when, process.peak(one.pid)))


@asynccontextmanager
async def _telegram(folder: Path) -> AsyncIterator[int]:
    async with telegram.fake_telegram() as fake:
        given = {"TELEGRAM_API_URL": fake.url, "TELEGRAM_BOT_TOKEN": telegram.TOKEN}
        async with server(folder, (OURS, "bot", "telegram"), environment(given)) as running:
            fake.say(text="the first")
            await fake.said("is deleted")
            yield running.pid


@asynccontextmanager
async def _discord(folder: Path) -> AsyncIterator[int]:
    async with discord.fake_discord(folder) as fake:
        given = {
            "DISCORD_BOT_TOKEN": discord.TOKEN,
            "FAKE_PORT": str(fake.port),
            "FAKE_CERTIFICATE": str(folder / "certificate.pem"),
        }
        command = ("-m", "tests.benchmarks.on_discord")
        async with server(folder, command, environment(given)) as running:
            await fake.connected()
            yield running.pid
