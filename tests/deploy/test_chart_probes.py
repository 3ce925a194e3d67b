"""The probes of the chart, asked of the processes that they are for."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from core.embedded import embedded_redis
from tests.deploy.chart import component, environment, pods, render
from tests.deploy.variants import VARIANTS
from tests.fakes.telegram import TOKEN, fake_telegram
from tests.test_process import free_port, running

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientSession

PORTS = {"http": "PORT", "metrics": "METRICS_PORT", "webhook": "TELEGRAM_WEBHOOK_PORT"}


async def answers(client: ClientSession, url: str) -> None:
    """Ask until the answer is good: a probe is repeated, too."""
    async with asyncio.timeout(40):
        while True:
            try:
                async with client.get(url) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                pass
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("kind", ["web", "telegram"])
async def test_probes_are_answered(kind: str, tmp_path: Path, client: ClientSession) -> None:
    """A process with a pod's arguments and settings answers each of its probes."""
    objects = render(VARIANTS["everything"])
    [pod] = [pod for pod in pods(objects) if component(pod) == kind]
    [container] = pod["spec"]["containers"]
    ports = {name: str(free_port()) for name in PORTS.values()}
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(fake_telegram())
        here = ports | {
            "HOST": "127.0.0.1",
            "METRICS_HOST": "127.0.0.1",
            "DATA_DIR": str(tmp_path / "data"),
            "BLOBS_URL": "",
            "REDIS_URL": await stack.enter_async_context(embedded_redis(tmp_path / "redis")),
            "TELEGRAM_API_URL": telegram.url,
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{ports['TELEGRAM_WEBHOOK_PORT']}/hook",
            "STOP_DELAY": "0s",
        }
        told = environment(objects, pod) | here
        del told["SSL_CERT_FILE"]
        await stack.enter_async_context(running(tmp_path, *container["args"], **told))
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container[probe]["httpGet"]
            await answers(client, f"http://127.0.0.1:{ports[PORTS[asked['port']]]}{asked['path']}")
