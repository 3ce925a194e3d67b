"""Several processes as their operator watches them, each on a port of its own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.fakes.telegram import TOKEN, fake_telegram
from tests.fakes.telegram_talk import links
from tests.scrape import Scrape
from tests.test_process import free_port, ready, running

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientSession


async def test_each_process_tells_its_own(tmp_path: Path, client: ClientSession) -> None:
    """A bot beside the web tells of its platform, its receipts and its readiness; no port twice."""
    port, first, second = (free_port() for _ in range(3))
    url = f"http://127.0.0.1:{port}"
    async with fake_telegram() as telegram:
        given = {"TELEGRAM_API_URL": telegram.url, "TELEGRAM_BOT_TOKEN": TOKEN}
        bot = ("bot", "telegram")
        async with (
            running(tmp_path, "run", PORT=str(port), METRICS_PORT=str(first)),
            asyncio.timeout(60),
        ):
            await ready(client, url)
            async with running(tmp_path, *bot, METRICS_PORT=str(first), **given) as taken:
                assert await taken.wait() == 1
            async with running(tmp_path, *bot, METRICS_PORT=str(second), **given):
                await ready(client, f"http://127.0.0.1:{second}")
                telegram.say(text="hello")
                [message] = await telegram.answers()
                [link] = links(message)
                burning = {"key": link.key.reveal()}
                async with client.post(f"{url}/d/{link.id}", json=burning) as answer:
                    assert await answer.text() == "hello"
                scrape, web = Scrape(client, second), Scrape(client, first)
                door = {"door": "telegram"}
                await scrape.becomes(1, "receipts_total", outcome="told", **door)
                await scrape.becomes(0, "receipts_waiting", **door)
                await web.becomes(1, "secret_events_total", event="opened", **door)
                contact = scrape.last("door_contact_timestamp_seconds", **door)
                assert abs(time.time() - (contact or 0)) < 60
                assert scrape.last("secrets_sealed_total", **door) == 1
    assert "Each process needs one of its own" in (tmp_path / "err").read_text()
