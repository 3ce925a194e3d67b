"""How a test talks with the Telegram door, and opens what it answers through the web."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zipfile import ZipFile

from bots import telegram_bot
from core.link import Link
from core.settings import Hidden
from tests.fakes.telegram import TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram


def named(settings: Settings, telegram: FakeTelegram, token: str = TOKEN) -> Settings:
    """Point the settings at the platform of the test."""
    return replace(settings, telegram_bot_token=Hidden(token), telegram_api_url=telegram.url)


@asynccontextmanager
async def door(
    share: Share, settings: Settings, telegram: FakeTelegram, *, stop_within: float = 20
) -> AsyncIterator[asyncio.Task[None]]:
    """Run the bot against the platform."""
    given = named(settings, telegram)
    given = replace(given, stop=replace(given.stop, timeout=stop_within))
    task = asyncio.create_task(telegram_bot.run(share, given))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def ruled(share: Share, **rules: Any) -> Share:
    """Change the operator's rules."""
    share.vault.policy = replace(share.policy, **rules)
    return replace(share, policy=share.vault.policy)


def links(message: dict[str, Any]) -> list[Link]:
    """Find the links in a message."""
    return [Link.parse(url) for url in re.findall(r"http\S+/s/\S+", message["text"])]


def there(telegram: FakeTelegram, messages: list[dict[str, Any]]) -> list[bool]:
    """Tell which messages the chats still show."""
    return [message["message_id"] in telegram.messages for message in messages]


async def waiting(web: Web) -> int:
    """Count the secrets that somebody could still open."""
    records = await web.house.redis.keys("ots:{*}")
    states = [await web.house.redis.hget(record, "state") for record in records]
    return states.count(b"ready")


async def unpacked(client: ClientSession, url: str, link: Link) -> dict[str, bytes]:
    """Open a link to a zip through the web; answer its files, in their order."""
    body, name = await opened(client, url, link)
    assert name == "files.zip"
    with ZipFile(BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def opened(client: ClientSession, url: str, link: Link) -> tuple[bytes, str]:
    """Open a link through the web; answer bytes and file name."""
    fields = {"key": link.key.reveal()}
    async with client.post(f"{url}/d/{link.id}", json=fields) as answer:
        assert answer.status == 200
        name = answer.headers["Content-Disposition"].rpartition("''")[2]
        return await answer.read(), unquote(name)
