"""A Bot API server of one's own: its files are read from its folder, and wiped there."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bots import telegram_bot
from core.errors import DoorClosed
from tests.contents import until
from tests.fakes.telegram_talk import door, links, named, opened, ruled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram


@pytest.fixture
async def server(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, tmp_path: Path
) -> AsyncIterator[FakeTelegram]:
    """Run the bot beside a server that keeps its files in a folder here."""
    telegram.local = tmp_path / "server"
    telegram.local.mkdir()
    async with door(share, replace(settings, telegram_local_files=telegram.local), telegram):
        yield telegram


def kept(server: FakeTelegram) -> list[Path]:
    """List the copies on the server's disk."""
    assert server.local is not None
    return [path for path in server.local.rglob("*") if path.is_file()]


async def test_file_over_the_clouds_limit_is_shared_and_its_copy_wiped(
    server: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """More than 20 MB go from the server's disk into a link, and nothing stays on that disk."""
    body = os.urandom(25_000_000)
    message = server.say(document=server.store(body, file_name="large.bin"))
    await server.gone(message)
    [answer] = await server.answers()
    assert (await opened(client, web.url, links(answer)[0])) == (body, "large.bin")
    assert kept(server) == []


async def test_file_outside_of_the_folder_is_not_touched(
    server: FakeTelegram, tmp_path: Path
) -> None:
    """Neither a path elsewhere, nor one with dots, nor a link in the folder leads out of it."""
    assert server.local is not None
    outside = tmp_path / "outside"
    trick = server.local / "trick"
    trick.symlink_to(outside)
    for number, path in enumerate((outside, server.local / ".." / "outside", trick), 1):
        stored = server.store(b"not yours")
        server.where[stored["file_id"]] = path
        server.say(document=stored)
        await server.answers(number)
    assert all("broke off" in answer["text"] for answer in await server.answers(3))
    assert outside.read_bytes() == b"not yours"


async def test_file_that_is_not_whole_is_refused_and_wiped(server: FakeTelegram) -> None:
    """A copy that ends before the size that was told is no secret, and does not stay."""
    server.say(document=server.store(b"x" * 1000, cut=10))
    await server.said("broke off")
    assert kept(server) == []


async def test_folder_that_is_not_here_closes_the_door_with_a_sentence(
    telegram: FakeTelegram, share: Share, settings: Settings, tmp_path: Path
) -> None:
    """Whoever forgot to mount the folder is told so at the start, not by each file."""
    missing = replace(named(settings, telegram), telegram_local_files=tmp_path / "missing")
    with pytest.raises(DoorClosed, match="TELEGRAM_LOCAL_FILES"):
        await telegram_bot.run(share, missing)


async def test_copy_that_is_refused_half_way_is_wiped(
    telegram: FakeTelegram, share: Share, settings: Settings, tmp_path: Path
) -> None:
    """A file over the operator's limit, whose size nobody told, leaves no copy either."""
    telegram.local = tmp_path
    small = ruled(share, max_size=1_000_000)
    async with door(small, replace(settings, telegram_local_files=tmp_path), telegram):
        telegram.say(document=telegram.store(bytes(3_000_000), told=None))
        await telegram.said("too large")
        await until(lambda: not list(tmp_path.rglob("file0")))
