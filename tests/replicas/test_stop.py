"""How an operator ends a process: in its own time, or at once."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from tests.test_process import free_port, opened, ready, running, shared

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientSession


async def test_second_signal_ends_it_at_once(tmp_path: Path, client: ClientSession) -> None:
    """After the first it goes on, not ready any more; the second waits for nobody, and no loss."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    async with running(tmp_path, "run", PORT=port, STOP_DELAY="1h") as process:
        await ready(client, url)
        process.terminate()
        async with asyncio.timeout(20):
            while await status(client, f"{url}/readyz") == 200:
                await asyncio.sleep(0.02)
        link = await shared(client, url, "kept")
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 5) == -signal.SIGINT
    async with running(tmp_path, "run", PORT=port):
        await ready(client, url)
        assert await opened(client, url, link) == "kept"


async def status(client: ClientSession, url: str) -> int:
    async with client.get(url) as answer:
        return answer.status
