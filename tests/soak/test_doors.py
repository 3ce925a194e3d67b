"""All doors under a steady load and all faults: nothing is lost, given twice, or leaks."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from random import Random
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector

from core.background import beside
from tests.soak.crowd import Crowd
from tests.soak.front import Front
from tests.soak.ledger import Ledger
from tests.soak.timings import Timings
from tests.soak.town import LIFETIME, town
from tests.soak.trouble import Trouble
from tests.soak.verdict import Verdict
from tests.soak.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

LONG = "SOAK" in os.environ or "SOAK_MINUTES" in os.environ
MINUTES = float(os.environ.get("SOAK_MINUTES") or 30)
RATE = 5.0 if LONG else 4.0  # secrets a second
EVERY = 40.0  # seconds from one fault to the next: calm lies between
LASTING = 5.0 if LONG else 0.7  # seconds of a fault, at most


@pytest.mark.timeout(MINUTES * 60 + 900 if LONG else 300)
async def test_nothing_is_lost_and_nothing_leaks(tmp_path: Path) -> None:
    """Whatever happens: each secret ends once, its sender is told, and every process stays lean."""
    seed = int(os.environ.get("SOAK_SEED") or secrets.randbits(32))
    print(f"SOAK_SEED={seed}")
    timings = Timings()
    async with (
        ClientSession(
            connector=TCPConnector(limit=0), headers={"Accept": "application/json"}
        ) as client,
        town(tmp_path, client) as running,
    ):
        front = Front(client, running.urls, timings)
        ledger = Ledger(front)
        crowd = Crowd(running, front, ledger, seed, RATE)
        trouble = Trouble(running, timings, Random(seed), LASTING)  # noqa: S311 - moments, not keys
        watch = Watch(running, client)
        verdict = Verdict(running, crowd, ledger, timings, watch)
        async with beside(watch.keep_looking(4 if LONG else 1)):
            async with asyncio.TaskGroup() as group:
                living = group.create_task(crowd.live())
                if LONG:
                    await trouble.until(time.monotonic() + MINUTES * 60, EVERY)
                else:
                    await trouble.each(0.3)
                crowd.leave()
                await living
            verdict.lived()
            await verdict.settle(LIFETIME + 90 if LONG else 0)
        await verdict.look()
    verdict.tell(long=LONG)
    assert not verdict.wrong(long=LONG)
