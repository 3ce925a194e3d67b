"""Conversations with the Discord door: the real library, over sockets, with a fake platform."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bots import discord_bot
from core.errors import DoorClosed
from core.link import Link
from core.settings import Hidden
from tests.contents import until
from tests.fakes.discord import HOSTS, TOKEN, FakeDiscord, fake_discord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[FakeDiscord]:
    """Run the platform."""
    async with fake_discord(tmp_path) as fake:
        yield fake


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


@pytest.fixture
async def bot(
    discord: FakeDiscord, share: Share, settings: Settings, web: Web
) -> AsyncIterator[FakeDiscord]:
    """Run the bot and the web server where its links lead."""
    async with door(share, settings, discord):
        yield discord


def links(text: str) -> list[Link]:
    found = re.findall(r"<(http\S+/s/\S+)>", text)
    return [Link.parse(url) for url in found]


async def opened(client: ClientSession, web: Web, link: Link, **fields: str) -> bytes:
    body = {"key": link.key.reveal(), **fields}
    async with client.post(f"{web.url}/d/{link.id}", json=body) as answer:
        assert answer.status == 200
        return await answer.read()


@pytest.mark.parametrize("place", ["guild", "dm", "group"])
async def test_share_with_a_file_answers_with_its_link(
    bot: FakeDiscord, web: Web, client: ClientSession, place: str
) -> None:
    """/share file: works in a server, with the bot and without it; only the sender sees it."""
    body = os.urandom(200_000)
    number = await bot.command("share", bot.store(body), place=place, expires=3600)
    text = await bot.reply(number)
    assert await opened(client, web, links(text)[0]) == body
    response = bot.interactions[number].response
    assert response is not None
    assert response["data"]["flags"] & 64


async def test_form_takes_text_password_and_lifetime(
    bot: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """/share without an option shows a form; its text opens with its password."""
    form = await bot.form(await bot.command("share"))
    number = await bot.submit(form, {"text": "hello", "password": "pw", "lifetime": "3600"})
    [link] = links(await bot.reply(number))
    async with client.post(f"{web.url}/d/{link.id}", json={"key": link.key.reveal()}) as answer:
        assert answer.status == 403
    assert await opened(client, web, link, password="pw") == b"hello"


async def test_form_with_text_and_file_gives_a_link_for_each(
    bot: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Both fields filled in make two links in one reply."""
    form = await bot.form(await bot.command("share"))
    number = await bot.submit(form, {"text": "hello", "lifetime": "300"}, bot.store(b"file"))
    file, text = [links(told)[0] for told in await bot.answers(number, 2)]
    assert await opened(client, web, text) == b"hello"
    assert await opened(client, web, file) == b"file"


async def test_empty_form_is_told(bot: FakeDiscord) -> None:
    """A form with neither text nor file gets a sentence."""
    form = await bot.form(await bot.command("share"))
    number = await bot.submit(form, {"lifetime": "300"})
    assert "neither" in await bot.reply(number)


async def test_form_never_asks_for_a_platform_login(bot: FakeDiscord) -> None:
    """The password's field says whose it is, and what not to enter."""
    form = await bot.form(await bot.command("share"))
    told = str(form)
    assert "Do not enter your Discord login" in told
    assert "your password" not in told.lower()


async def test_direct_message_becomes_links_and_a_request_to_delete(
    bot: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Text and attachments sent to the bot get a link each; the sender must delete the message."""
    await bot.message("the code is 4711", bot.store(b"one"), bot.store(b"two"))
    told = await bot.replies(4)
    got = [await opened(client, web, link) for text in told for link in links(text)]
    assert got == [b"one", b"two", b"the code is 4711"]
    assert "delete your message" in told[-1].lower()
    assert all(message["flags"] & 4 for message in bot.dms)


async def test_repeated_message_gives_no_second_secret(bot: FakeDiscord, web: Web) -> None:
    """The same direct message told again is answered once."""
    number = await bot.message("once")
    await bot.replies(2)
    await bot.message("once", number=number)
    help_ = await bot.command("help")
    await bot.reply(help_)
    assert len(await web.house.redis.keys("ots:{*")) == 1


@pytest.mark.parametrize("name", ["help", "privacy"])
async def test_commands_are_answered(bot: FakeDiscord, name: str) -> None:
    """Each command has its answer, for the sender's eyes only."""
    number = await bot.command(name)
    assert len(await bot.reply(number)) > 100


@pytest.mark.parametrize(
    ("host", "cut", "status"),
    [(HOSTS[2], 1000, 200), (HOSTS[2], None, 404), (HOSTS[0], None, 200)],
)
async def test_download_that_fails_is_told_and_leaves_nothing(
    bot: FakeDiscord, web: Web, host: str, cut: int | None, status: int
) -> None:
    """Broken off, expired or on a foreign host: the sender may send it again, nothing is kept."""
    file = bot.store(os.urandom(300_000), host=host, cut=cut, status=status)
    number = await bot.command("share", file)
    assert "again" in await bot.reply(number)
    assert [p for p in (web.settings.data_dir / "blobs").rglob("*") if p.is_file()] == []


async def test_forbidden_and_too_large_are_refused(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """The operator's limits are told in words."""
    policy = replace(settings.policy, allowed=("pdf",), max_size=1000)
    share.vault.policy = policy
    async with door(replace(share, policy=policy), settings, discord):
        number = await discord.command("share", discord.store(b"x", "a.exe"))
        assert ".exe" in await discord.reply(number)
        number = await discord.command("share", discord.store(bytes(1001), "a.pdf"))
        assert "1 kB" in await discord.reply(number)


async def test_unanswerable_interaction_leaves_no_secret(bot: FakeDiscord, web: Web) -> None:
    """When the answer can't be given any more, nobody has the link: the secret is revoked."""
    bot.refusals["PATCH @original"] = [(404, 10015)]
    await bot.command("share", bot.store(b"x"))
    async with asyncio.timeout(10):
        while True:
            keys = await web.house.redis.keys("ots:{*")
            if keys and await web.house.redis.hget(keys[0], "state") == b"revoked":
                break
            await asyncio.sleep(0.02)


async def test_interaction_answered_too_late_is_survived(bot: FakeDiscord) -> None:
    """A 10062 costs that interaction only; the next is answered."""
    bot.refusals["POST callback"] = [(404, 10062)]
    await bot.command("share", bot.store(b"x"))
    number = await bot.command("help")
    assert await bot.reply(number)


async def test_rate_limit_delays_the_answer(bot: FakeDiscord) -> None:
    """When told to wait, the bot waits and answers then."""
    bot.refusals["POST messages"] = [(429, 0)]
    await bot.message("x")
    told = await bot.replies(2)
    assert links(told[0])


async def test_commands_are_synced_only_when_changed(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """The second start finds the same commands and does not tell them again."""
    for _ in range(2):
        async with door(share, settings, discord):
            await discord.reply(await discord.command("help"))
    [commands] = discord.synced
    assert {"share", "help", "privacy", "secrets", "delete-my-data", "Share once"} == {
        command["name"] for command in commands
    }
    for command in commands:
        assert command["integration_types"] == [0, 1]
        assert command["contexts"] == [0, 1, 2]


@pytest.mark.parametrize("trouble", ["reconnect", "drop", "invalid"])
async def test_connection_is_taken_up_again(bot: FakeDiscord, trouble: str) -> None:
    """After RECONNECT, a broken connection or INVALID_SESSION the door answers again."""
    await bot.reply(await bot.command("help"))
    if trouble == "reconnect":
        await bot.order(7)
    elif trouble == "drop":
        await bot.drop()
    else:
        await bot.order(9, data=False)
    assert await bot.reply(await bot.command("help"))
    assert (bot.identified, bot.resumed) == ((2, 0) if trouble == "invalid" else (1, 1))


async def test_silent_gateway_is_given_up_and_tried_anew(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """A gateway that says nothing at the first connect does not hold the door for ever."""
    discord.silent = True
    async with door(share, settings, discord, ready_within=1):
        await until(lambda: discord._sockets)
        discord.silent = False
        assert await discord.reply(await discord.command("help"))


async def test_bad_token_closes_the_door_with_a_sentence(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """A token that the platform refuses ends the door and names the setting."""
    named = replace(settings, discord_bot_token=Hidden("no"))
    with pytest.raises(DoorClosed, match="DISCORD_BOT_TOKEN"):
        await discord_bot.run(share, named, connect=discord.connector)


@pytest.mark.parametrize("code", [4004, 4014])
async def test_fatal_close_code_closes_the_door(
    discord: FakeDiscord, share: Share, settings: Settings, code: int
) -> None:
    """Close codes that no retry mends end the door with a sentence."""
    discord.close_code = code
    async with door(share, settings, discord) as task:
        with pytest.raises(DoorClosed):
            await asyncio.wait_for(task, 10)


async def test_closing_lets_running_work_end(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """A command that is being handled when the door closes still gets its link."""
    async with door(share, settings, discord) as task:
        number = await discord.command("share", discord.store(os.urandom(3_000_000)))
        await until(lambda: discord.interactions[number].response)
        task.cancel()
        await asyncio.wait([task])
        assert links(await discord.reply(number))


async def test_nothing_secret_is_logged(
    bot: FakeDiscord, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Our logs, and the library's errors, hold no token, content, name or key."""
    bot.refusals["POST callback"] = [(404, 10062)]
    await bot.command("share", bot.store(b"plain-content", "plain-name.txt"))
    number = await bot.command("share", bot.store(b"plain-content", "plain-name.txt"))
    [link] = links(await bot.reply(number))
    told = "\n".join(r.getMessage() for r in caplog.records if r.levelname == "ERROR")
    told += "".join(capsys.readouterr())
    for secret in (TOKEN, "plain-content", "plain-name", link.key.reveal()):
        assert secret not in told
