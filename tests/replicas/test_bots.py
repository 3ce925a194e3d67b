"""Two workers for each platform work as one, and for each other when one is killed."""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING

from core.receipts import STREAM
from tests.bots.test_discord_shards import EVEN, ODD
from tests.contents import until
from tests.fakes.discord import TOKEN as DISCORD_TOKEN
from tests.fakes.discord import FakeDiscord, fake_discord
from tests.fakes.discord_talk import links as links_in
from tests.fakes.discord_talk import written
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import FakeTelegram, fake_telegram
from tests.fakes.telegram_talk import links
from tests.fakes.telegram_webhook import HEADER
from tests.page import Page
from tests.replicas.fleet import Replica, fleet
from tests.test_process import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientSession

    from core.link import Link
    from tests.replicas.balancer import Balancer
    from tests.replicas.fleet import Fleet

CHATS = range(50, 60)
LONG = "SOAK" in os.environ
OPENED = re.compile(r"Opened \d\d:\d\d UTC")
BODY = b"x" * 5000  # a file of its own, not in the record


async def test_two_webhook_workers_are_one_bot(tmp_path: Path, client: ClientSession) -> None:
    """Each update makes one secret, whichever takes it, also while one is replaced or killed."""
    async with fake_telegram() as telegram, fleet(tmp_path) as running:
        workers, balancer = await webhooks(running, telegram, client)
        for chat in CHATS:
            telegram.say(chat, document=telegram.store(BODY))
        await telegram.answers(len(CHATS))
        assert min(balancer.brought.values()) > 0

        stopping = asyncio.create_task(workers[0].stop())
        for chat in CHATS:
            telegram.say(chat, text=f"while one stops, in {chat}")
        found = [links(answer) for answer in await telegram.answers(2 * len(CHATS))]
        await stopping
        assert [len(one) for one in found] == [1] * len(found)
        await workers[0].start()
        await balancer.all_ready()

        await telegram.bring_nothing()
        link = await at_both(client, telegram, workers)
        assert len(await running.redis.keys("ots:{*}")) == 2 * len(CHATS) + 1

        gate = telegram.hold("editMessageText")
        await received(client, running, link)
        await (await running.holder(STREAM, "telegram", workers)).kill()
        await running.let_time_pass(STREAM, "telegram")
        gate.set()
        await telegram.said("Opened")
        await until_none_waits(running, "telegram")
        assert len([one for one in telegram.sent if OPENED.search(one["text"])]) == 1


async def webhooks(
    running: Fleet, telegram: FakeTelegram, client: ClientSession
) -> tuple[list[Replica], Balancer]:
    """Start a web server, and two webhook workers behind one address."""
    ports = [free_port(), free_port()]
    balancer = await running.balancer(ports)
    given = {
        "TELEGRAM_BOT_TOKEN": TELEGRAM_TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "TELEGRAM_WEBHOOK_URL": f"{balancer.url}/telegram",
        "STOP_DELAY": "1s",
    }
    workers = [
        Replica(running, "bot telegram", {**given, "TELEGRAM_WEBHOOK_PORT": str(port)}, port)
        for port in ports
    ]
    await asyncio.gather(running.web(client, 1), *(worker.start() for worker in workers))
    await balancer.all_ready()
    await until(lambda: len(telegram.called("setWebhook")) == len(workers), 30)
    [_] = {(asked["url"], asked["secret_token"]) for asked in telegram.called("setWebhook")}
    return workers, balancer


async def at_both(client: ClientSession, telegram: FakeTelegram, workers: list[Replica]) -> Link:
    """Bring one update to both workers at once, until both have taken it; find its one link."""
    before = len(telegram.sent)
    message = telegram.say(document=telegram.store(BODY))
    [update] = telegram.updates
    headers = {HEADER: telegram.called("setWebhook")[0]["secret_token"]}

    async def bring(worker: Replica) -> None:
        status, url = 0, f"http://127.0.0.1:{worker.port}/telegram"
        while status != 200:
            async with client.post(url, json=update, headers=headers) as answer:
                status = answer.status
                assert status in {200, 503}

    await asyncio.gather(*(bring(worker) for worker in workers))
    await telegram.gone(message)
    [told] = telegram.sent[before:]
    [link] = links(told)
    return link


async def received(client: ClientSession, running: Fleet, link: Link) -> None:
    """Receive a secret, and say that it arrived."""
    page = Page(client, running.urls[0], link)
    assert (await page.download()).status == 200
    assert (await page.done()).status == 204


async def until_none_waits(running: Fleet, door: str) -> None:
    """Wait until every receipt of a door was told."""
    async with asyncio.timeout(20):
        while await running.redis.xpending_range(STREAM, door, "-", "+", 1):
            await asyncio.sleep(0.05)


async def test_two_shards_are_one_bot(tmp_path: Path, client: ClientSession) -> None:
    """Each answers its servers; a receipt that one was killed over is told by the other, once."""
    async with fake_discord(tmp_path) as discord, fleet(tmp_path) as running:
        shards = await sharded(running, discord, client)
        assert len(discord.synced) == 1
        for discord.guild in (EVEN, ODD):
            assert await answered(discord)
        assert discord.heard == [0, 1]

        _, link = await written(discord)
        held = discord.held["PATCH message"] = asyncio.Event()
        await received(client, running, link)
        killed = await running.holder(STREAM, "discord", shards)
        await killed.kill()
        await running.let_time_pass(STREAM, "discord")
        held.set()
        await until(lambda: opened(discord), 20)
        await until_none_waits(running, "discord")
        assert opened(discord) == 1

        await killed.start()
        for discord.guild in (EVEN, ODD):
            assert await answered(discord)
        await asyncio.gather(*(shard.stop() for shard in shards))


async def sharded(running: Fleet, discord: FakeDiscord, client: ClientSession) -> list[Replica]:
    """Start a web server and the two processes of a bot."""
    discord.turn = 5.0 if LONG else 0.0
    given = {
        "DISCORD": f"{discord.port} {discord.authority.certificate}",
        "DISCORD_BOT_TOKEN": DISCORD_TOKEN,
        "DISCORD_SHARD_COUNT": "2",
    }
    shards = [
        Replica(running, "bot discord", {**given, "DISCORD_SHARD_ID": str(number)})
        for number in range(2)
    ]
    await asyncio.gather(running.web(client, 1), *(shard.start() for shard in shards))
    for server in (EVEN, ODD):
        await discord.connected(server)
    return shards


async def answered(discord: FakeDiscord) -> bool:
    """Share a file in a server; tell whether a link came."""
    number = await discord.command("share", discord.store(BODY), place="guild")
    return len(links_in(await discord.reply(number))) == 1


def opened(discord: FakeDiscord) -> int:
    """Count the messages that notify of an opening."""
    return len([one for one in discord.dms if OPENED.search(one["content"])])
