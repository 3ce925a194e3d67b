"""Conversations with the Discord door: the real library, over sockets, with a fake platform."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fakes.discord import HOSTS, TOKEN
from tests.fakes.discord_talk import door, links, opened, tried

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord


@pytest.mark.parametrize("place", ["guild", "dm", "group"])
async def test_share_with_a_file_answers_with_its_link(
    talk: FakeDiscord, web: Web, client: ClientSession, place: str
) -> None:
    """/share file: works in a server, with the bot and without it; only the sender sees it."""
    body = os.urandom(200_000)
    number = await talk.command("share", talk.store(body), place=place, expires=3600)
    text = await talk.reply(number)
    assert await opened(client, web, links(text)[0]) == body
    response = talk.interactions[number].response
    assert response is not None
    assert response["data"]["flags"] & 64
    heard = web.house.metrics.registry.get_sample_value
    assert heard("onetimeshare_door_contact_timestamp_seconds", {"door": "discord"})


async def test_form_takes_text_password_and_lifetime(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """/share without an option shows a form; its text opens with its password."""
    form = await talk.form(await talk.command("share"))
    number = await talk.submit(form, {"text": "hello", "password": "pw", "lifetime": "3600"})
    [link] = links(await talk.reply(number))
    assert await tried(client, web, link) == 403
    assert await opened(client, web, link, password="pw") == b"hello"


async def test_form_that_is_shown_waits_nowhere(talk: FakeDiscord) -> None:
    """However many are shown and never sent: the bot keeps neither them nor a task for each."""
    await talk.form(await talk.command("share"))
    before = len(asyncio.all_tasks())
    for _ in range(5):
        await talk.form(await talk.command("share"))
    assert len(asyncio.all_tasks()) <= before + 2


async def test_empty_form_is_told(talk: FakeDiscord) -> None:
    """A form with neither text nor file gets a sentence."""
    form = await talk.form(await talk.command("share"))
    number = await talk.submit(form, {"lifetime": "300"})
    assert "neither" in await talk.reply(number)


async def test_form_never_asks_for_a_platform_login(talk: FakeDiscord) -> None:
    """The password's field says whose it is, and what not to enter."""
    form = await talk.form(await talk.command("share"))
    told = str(form)
    assert "Do not enter your Discord login" in told
    assert "your password" not in told.lower()


async def test_repeated_message_gives_no_second_secret(talk: FakeDiscord, web: Web) -> None:
    """The same direct message told again is answered once."""
    number = await talk.message("once")
    await talk.replies(2)
    await talk.message("once", number=number)
    help_ = await talk.command("help")
    await talk.reply(help_)
    assert len(await web.house.redis.keys("ots:{*}")) == 1


@pytest.mark.parametrize("name", ["help", "privacy"])
async def test_commands_are_answered(talk: FakeDiscord, name: str) -> None:
    """Each command has its answer, for the sender's eyes only."""
    number = await talk.command(name)
    assert len(await talk.reply(number)) > 100


@pytest.mark.parametrize(
    ("host", "cut", "status"),
    [(HOSTS[2], 1000, 200), (HOSTS[2], None, 404), (HOSTS[0], None, 200)],
)
async def test_download_that_fails_is_told_and_leaves_nothing(
    talk: FakeDiscord, web: Web, host: str, cut: int | None, status: int
) -> None:
    """Broken off, expired or on a foreign host: the sender may send it again, nothing is kept."""
    file = talk.store(os.urandom(300_000), host=host, cut=cut, status=status)
    number = await talk.command("share", file)
    assert "again" in await talk.reply(number)
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


async def test_unanswerable_interaction_leaves_no_secret(talk: FakeDiscord, web: Web) -> None:
    """When the answer can't be given any more, nobody has the link: the secret is revoked."""
    talk.refusals["PATCH @original"] = [(404, 10015)]
    await talk.command("share", talk.store(b"x"))
    async with asyncio.timeout(10):
        while True:
            keys = await web.house.redis.keys("ots:{*}")
            if keys and await web.house.redis.hget(keys[0], "state") == b"revoked":
                break
            await asyncio.sleep(0.02)


async def test_interaction_answered_too_late_is_survived(talk: FakeDiscord) -> None:
    """A 10062 costs that interaction only; the next is answered."""
    talk.refusals["POST callback"] = [(404, 10062)]
    await talk.command("share", talk.store(b"x"))
    number = await talk.command("help")
    assert await talk.reply(number)


async def test_rate_limit_delays_the_answer(talk: FakeDiscord) -> None:
    """When told to wait, the bot waits and answers then."""
    talk.refusals["POST messages"] = [(429, 0)]
    await talk.message("x")
    told = await talk.replies(2)
    assert links(told[0])


async def test_commands_are_synced_only_when_changed(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """The second start finds the same commands and does not tell them again."""
    for _ in range(2):
        async with door(share, settings, discord):
            await discord.reply(await discord.command("help"))
    [commands] = discord.synced
    assert {command["name"] for command in commands} == {
        *("share", "request", "upload", "secrets", "delete-my-data", "help", "privacy"),
        "Share once",
    }
    for command in commands:
        assert command["integration_types"] == [0, 1]
        assert command["contexts"] == [0, 1, 2]


async def test_nothing_secret_is_logged(
    talk: FakeDiscord, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Our logs, and the library's errors, hold no token, content, name or key."""
    talk.refusals["POST callback"] = [(404, 10062)]
    await talk.command("share", talk.store(b"plain-content", "plain-name.txt"))
    number = await talk.command("share", talk.store(b"plain-content", "plain-name.txt"))
    [link] = links(await talk.reply(number))
    told = "\n".join(r.getMessage() for r in caplog.records if r.levelname == "ERROR")
    told += "".join(capsys.readouterr())
    for secret in (TOKEN, "plain-content", "plain-name", link.key.reveal()):
        assert secret not in told
