"""`onetimeshare` as it is, but for the world around it: `python process.py web`, for example.

HURRY names constants of ours that are shorter here, as JSON: {"core.sweeper.EVERY": 1}.
DISCORD tells where the tests' Discord is: its port, and the certificate of its authority.
SWEEPS is a file into which each round of sweeping writes when it begins, and a second later ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from functools import partial
from importlib import import_module
from pathlib import Path

import onetimeshare
from core.sweeper import Sweeper
from tests.fakes.authority import connector

ROUND = 0.5  # seconds that a watched round takes besides


def main() -> None:
    for name, value in json.loads(os.environ.get("HURRY", "{}")).items():
        module, _, constant = name.rpartition(".")
        setattr(import_module(module), constant, value)
    if where := os.environ.get("DISCORD"):
        from bots import discord_bot  # noqa: PLC0415 - only its process loads the library

        port, certificate = where.split(" ", 1)
        connect = partial(connector, Path(certificate), int(port))
        discord_bot.run = partial(discord_bot.run, connect=connect)
    if sweeps := os.environ.get("SWEEPS"):
        watch(Path(sweeps))
    onetimeshare.main()


def watch(sweeps: Path) -> None:
    """Let each round tell of itself, and be long enough to be met at it."""
    sweep = Sweeper.sweep

    def tell(what: str) -> None:
        with sweeps.open("a") as file:
            file.write(f"{time.monotonic()} {os.getpid()} {what}\n")

    async def watched(self: Sweeper, *, orphans: bool = True) -> None:
        tell("begins")
        await asyncio.sleep(ROUND)
        await sweep(self, orphans=orphans)
        tell("ends")

    Sweeper.sweep = watched  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
