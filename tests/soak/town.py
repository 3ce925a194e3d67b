"""Everything at once: two web servers, two bots at their platforms, and a Redis behind a proxy."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from core.redis_server import address
from tests.admin import HASH
from tests.fakes import discord as discord_fake
from tests.fakes import telegram as telegram_fake
from tests.fakes.discord import fake_discord
from tests.fakes.telegram import fake_telegram
from tests.faults.proxy import Proxy
from tests.soak.fleet import Member, pong, redis_at
from tests.test_process import free_port, ready, running, started

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from aiohttp import ClientSession

    from tests.fakes.discord import FakeDiscord
    from tests.fakes.telegram import FakeTelegram

LIFETIME = 120  # seconds that secrets have unless another time is wished: many expire in a soak
PROCESS = Path(__file__).parents[1] / "replicas" / "process.py"


@dataclass(frozen=True, slots=True)
class Town:
    """Who is there, by name: `web 1`, `web 2`, `telegram`, `discord`, `redis`."""

    folder: Path
    urls: list[str]
    members: dict[str, Member]
    metrics: dict[str, int]  # the ports where they tell their figures
    proxy: Proxy
    redis: Redis
    telegram: FakeTelegram
    discord: FakeDiscord

    @property
    def data(self) -> Path:
        return self.folder / "data"


class Builder:
    """Starts them one after the other."""

    def __init__(self, stack: AsyncExitStack, folder: Path, client: ClientSession) -> None:
        self._stack = stack
        self._folder = folder
        self._client = client
        self.members: dict[str, Member] = {}
        self.metrics: dict[str, int] = {}
        self.urls = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
        self.given = {
            "PUBLIC_URL": self.urls[0],
            "DEFAULT_LIFETIME": f"{LIFETIME}s",
            "MAX_FILE_SIZE": "30MB",
            "ADMIN_PASSWORD_HASH": HASH,
            "LOG_FORMAT": "json",
            "MIN_FREE_DISK": "1MB",
        }

    async def redis(self) -> tuple[Redis, Proxy]:
        """Start a Redis, and what stands before it."""
        socket = self._folder / "redis" / "redis.sock"
        socket.parent.mkdir()
        redis = await self._stack.enter_async_context(Redis.from_url(address(socket)))
        self.members["redis"] = Member(self._stack, lambda: redis_at(socket), lambda: pong(redis))
        await self.members["redis"].start()
        proxy = await self._stack.enter_async_context(Proxy(socket).listening())
        self.given["REDIS_URL"] = f"redis://127.0.0.1:{proxy.port}"
        return redis, proxy

    async def web(self, name: str, url: str) -> None:
        """Start a web server."""
        await self._start(name, url, "web", PORT=url.rpartition(":")[2])

    async def telegram(self, fake: FakeTelegram) -> None:
        """Start the bot that polls the tests' Telegram."""
        token = {"TELEGRAM_BOT_TOKEN": telegram_fake.TOKEN, "TELEGRAM_API_URL": fake.url}
        await self._start("telegram", "", "bot", "telegram", **token)

    async def discord(self, fake: FakeDiscord) -> None:
        """Start the bot that listens to the tests' Discord."""
        settings = {
            "DISCORD_BOT_TOKEN": discord_fake.TOKEN,
            "DISCORD": f"{fake.port} {fake.authority.certificate}",
            **self._told_by("discord"),
        }

        async def answers() -> None:
            await fake.connected()

        member = Member(
            self._stack,
            lambda: started(PROCESS, self._folder, ("bot", "discord"), self.given | settings),
            answers,
        )
        self.members["discord"] = member
        await member.start()

    async def _start(self, name: str, url: str, *command: str, **settings: str) -> None:
        settings |= self._told_by(name)
        url = url or f"http://127.0.0.1:{self.metrics[name]}"

        def run() -> AbstractAsyncContextManager[Process]:
            return running(self._folder, *command, **self.given, **settings)

        member = Member(self._stack, run, lambda: ready(self._client, url))
        self.members[name] = member
        await member.start()

    def _told_by(self, name: str) -> dict[str, str]:
        self.metrics[name] = free_port()
        return {"METRICS_PORT": str(self.metrics[name])}


@asynccontextmanager
async def town(folder: Path, client: ClientSession) -> AsyncIterator[Town]:
    """Let all of them run in the block."""
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(fake_telegram())
        discord = await stack.enter_async_context(fake_discord(folder))
        builder = Builder(stack, folder, client)
        redis, proxy = await builder.redis()
        for number, url in enumerate(builder.urls, 1):
            await builder.web(f"web {number}", url)
        await builder.telegram(telegram)
        await builder.discord(discord)
        yield Town(
            folder,
            builder.urls,
            builder.members,
            builder.metrics,
            proxy,
            redis,
            telegram,
            discord,
        )
