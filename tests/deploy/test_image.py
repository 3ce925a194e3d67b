"""The image: what it is built of is sent to the builder, and its health check is honest."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.bootstrap import House
    from tests.scrape import Scrape

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


async def healthy(port: int) -> bool:
    """Run the health check of the image as Docker does."""
    written = re.search(r"HEALTHCHECK .*?CMD (\[.*?\])\n", DOCKERFILE, re.DOTALL)
    assert written is not None
    _, *arguments = json.loads(written[1])
    check = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env={"PATH": os.environ["PATH"], "METRICS_PORT": str(port)},
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(20):
        return await check.wait() == 0


def test_builder_gets_what_it_copies() -> None:
    """Every path that the Dockerfile copies is one that .dockerignore lets through."""
    sent = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert {name for names in copied for name in names.split()} == sent
    assert all((ROOT / name).exists() for name in sent)


async def test_health_check_asks_any_process(house: House, scrape: Scrape) -> None:
    """A process with its metrics port, bot or web, is healthy while Redis and the store work."""
    assert await healthy(scrape.port)
    await house.redis.replicaof("127.0.0.1", 1)  # what a fail-over makes of the former primary
    assert not await healthy(scrape.port)
    await house.redis.replicaof("NO", "ONE")
    assert await healthy(scrape.port)
