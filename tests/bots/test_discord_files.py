"""Several files, or a file and a text, handed in at once on Discord: one link to a zip."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.discord_talk import door, links, opened, unpacked

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord


async def test_direct_message_becomes_one_link_and_a_request_to_delete(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Text and attachments go into one zip; the sender must delete the message."""
    one, two = os.urandom(200_000), b"two"
    files = talk.store(one, "../k.env"), talk.store(two, "K.ENV")
    number = await talk.message("the code is 4711", *files)
    told = await talk.replies(2)
    await talk.message(number=number)
    await talk.reply(await talk.command("help"))
    assert len(talk.dms) == 2
    [link] = links(told[0])
    assert "files, together in one zip" in told[0]
    assert "delete your message" in told[1].lower()
    assert list((await unpacked(client, web, link)).items()) == [
        *(("message.txt", b"the code is 4711"), ("k.env", one), ("K (2).ENV", two))
    ]


async def test_forwarded_message_is_shared_with_what_it_holds(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """The platform tells what was forwarded apart from the message itself."""
    message = talk.written("")
    inner = {key: talk.written("hello", talk.store(b"x"))[key] for key in SNAPSHOT}
    message["message_snapshots"] = [{"message": inner}]
    await talk.message(number=message["id"])
    [link] = links((await talk.replies(2))[0])
    assert await unpacked(client, web, link) == {"message.txt": b"hello", "a.bin": b"x"}


SNAPSHOT = (
    *("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags"),
    *("mentions", "mention_roles", "components"),
)


async def test_form_takes_text_and_files_for_one_link(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """All that was filled in is one zip, in an answer for the sender alone."""
    form = await talk.form(await talk.command("share"))
    files = talk.store(b"one", "1"), talk.store(b"two", "2")
    number = await talk.submit(form, {"text": "hello", "lifetime": "300"}, *files)
    [link] = links(await talk.reply(number))
    assert all(talk.messages[one]["flags"] & 64 for one in talk.interactions[number].made)
    got = await unpacked(client, web, link)
    assert got == {"message.txt": b"hello", "1": b"one", "2": b"two"}


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [({"body": b"x", "name": "x.exe"}, ".exe"), ({"body": bytes(1001)}, "1 kB"), ({"cut": 9}, "")],
)
async def test_form_whose_file_is_refused_still_shares_its_text(
    discord: FakeDiscord,
    share: Share,
    settings: Settings,
    web: Web,
    client: ClientSession,
    spoilt: dict[str, Any],
    words: str,
) -> None:
    """A form that was sent is gone with its text, so that is sealed; the answer says so."""
    policy = replace(settings.policy, allowed=("bin",), max_size=1000)
    share.vault.policy = policy
    async with door(replace(share, policy=policy), settings, discord):
        form = await discord.form(await discord.command("share"))
        file = discord.store(**({"body": bytes(100)} | spoilt))
        number = await discord.submit(form, {"text": "hello", "lifetime": "300"}, file)
        refused, told = await discord.answers(number, 2)
        await discord.shows(discord.interactions[number].made[1], "text alone")
    assert words in refused
    [link] = links(told)
    assert await opened(client, web, link) == b"hello"


async def test_sum_over_the_limit_is_refused_before_anything_is_fetched(
    discord: FakeDiscord, share: Share, settings: Settings, web: Web
) -> None:
    """Each file fits, and all of them do not: nothing is shared, nothing is downloaded."""
    policy = replace(settings.policy, max_size=1000)
    share.vault.policy = policy
    async with door(replace(share, policy=policy), settings, discord):
        files = [discord.store(bytes(600), status=404) for _ in "12"]
        await discord.message("", *files)
        [refused] = await discord.replies(1)
    assert "1 kB" in refused
    assert await web.house.redis.keys("ots:{*}") == []
