"""How tests talk with the Discord bot."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

from bots import discord_bot
from core.errors import DoorClosed
from core.link import Claim, Link
from core.settings import Hidden
from tests.fakes.discord import TOKEN, FakeDiscord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web


async def noted(fake: FakeDiscord, web: Web, link: Link) -> None:
    """Wait until the door has noted which message holds the link, and is done with it."""
    key = web.house.vault.server_key
    async with asyncio.timeout(10):
        while True:
            ref = await web.house.redis.hget(f"ots:{{{link.id}}}", "ref")
            if isinstance(ref, bytes) and key.open_ref(link.id.raw, ref).message:
                break
            await asyncio.sleep(0.01)
    await fake.reply(await fake.command("help"))


@asynccontextmanager
async def door(
    share: Share, settings: Settings, fake: FakeDiscord, ready_within: float = 15
) -> AsyncIterator[asyncio.Task[None]]:
    """Run the bot against the platform."""
    named = replace(settings, discord_bot_token=Hidden(TOKEN))
    running = discord_bot.run(share, named, connect=fake.connector, ready_within=ready_within)
    task = asyncio.create_task(running)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, DoorClosed):
            await task


def links(text: str) -> list[Link]:
    """Find the links in an answer."""
    found = re.findall(r"<(http\S+/s/\S+)>", text)
    return [Link.parse(url) for url in found]


async def shared(fake: FakeDiscord, place: str = "dm", **fields: str) -> tuple[str, Link]:
    """Share a text through the form; answer the message that holds the link, and the link."""
    form = await fake.form(await fake.command("share", place=place))
    number = await fake.submit(form, {"text": "hello", "lifetime": "18000", **fields})
    [link] = links(await fake.reply(number))
    return fake.interactions[number].made[0], link


async def written(fake: FakeDiscord) -> tuple[str, Link]:
    """Share a text in a direct message; answer the message that holds the link, and the link."""
    before = len(fake.dms)
    await fake.message("hello")
    told = await fake.replies(before + 2)
    [link] = links(told[before])
    [number] = [one for one, sent in fake.messages.items() if str(link.id) in sent["content"]]
    return number, link


async def tried(client: ClientSession, web: Web, link: Link, **fields: str) -> int:
    """Try to open a link; answer the status."""
    body = {"key": link.key.reveal(), **fields}
    async with client.post(f"{web.url}/d/{link.id}", json=body) as answer:
        return answer.status


async def opened(client: ClientSession, web: Web, link: Link, **fields: str) -> bytes:
    """Open a link, as a script does."""
    body = {"key": link.key.reveal(), **fields}
    async with client.post(f"{web.url}/d/{link.id}", json=body) as answer:
        assert answer.status == 200
        return await answer.read()


async def unpacked(client: ClientSession, web: Web, link: Link) -> dict[str, bytes]:
    """Open a link to a zip; answer its files, in their order."""
    with ZipFile(BytesIO(await opened(client, web, link))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def read_whole(client: ClientSession, web: Web, link: Link) -> None:
    """Open a link and say that everything arrived, as a recipient's page does."""
    claim = Claim.random()
    await opened(client, web, link, claim=claim.reveal())
    body = {"claim": claim.reveal()}
    async with client.post(f"{web.url}/s/{link.id}/done", json=body) as answer:
        assert answer.status < 300
