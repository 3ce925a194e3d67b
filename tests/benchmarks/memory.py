"""What each process has in memory: at rest, and while many transfers run."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.benchmarks import process
from tests.benchmarks.calls import sample
from tests.benchmarks.servers import OURS, environment, fleet, folders, free_port, server
from tests.benchmarks.slow import Crowd
from tests.benchmarks.table import Table, Target
from tests.fakes import discord, telegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.benchmarks.scale import Scale
    from tests.benchmarks.servers import Fleet

WANTED = 80.0  # MB
ON_DISCORD = ("-m", "tests.benchmarks.on_discord")
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
    async with (
        _with_bots(ours.folder, OURS, "bot", "telegram") as on_telegram,
        _with_bots(ours.folder, *ON_DISCORD, "bot", "discord") as on_discord,
        _with_bots(folder, *ON_DISCORD, "run") as all_in_one,
    ):
        await asyncio.sleep(scale.rest)
        run, web = (one.pid for one in ours.processes)
        pids = {"run": run, "web": web, "bot telegram": on_telegram, "bot discord": on_discord}
        pids |= {"run, both bots": all_in_one, "Redis": ours.redis or 0, COPYING: copying.pid}
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
async def _with_bots(folder: Path, *command: str) -> AsyncIterator[int]:
    """Run the command with the bots that it has; yields its process once they are at work."""
    async with telegram.fake_telegram() as chats, discord.fake_discord(folder) as guilds:
        given = {
            "PORT": str(free_port()),
            "TELEGRAM_API_URL": chats.url,
            "TELEGRAM_BOT_TOKEN": telegram.TOKEN,
            "DISCORD_BOT_TOKEN": discord.TOKEN,
            "FAKE_PORT": str(guilds.port),
            "FAKE_CERTIFICATE": str(folder / "certificate.pem"),
        }
        async with server(folder, command, environment(given)) as running:
            if "discord" not in command:
                chats.say(text="the first")
                await chats.said("is deleted")
            if "telegram" not in command:
                await guilds.connected()
            yield running.pid
