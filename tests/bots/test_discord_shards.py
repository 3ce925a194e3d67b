"""Several processes share Discord's servers: each answers those that fall to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.shard import Shard
from tests.contents import until
from tests.fakes.discord_talk import door, links

if TYPE_CHECKING:
    import pytest

    from bots.share import Share
    from core.bootstrap import House
    from core.settings import Settings
    from tests.fakes.discord import FakeDiscord

EVEN, ODD = str(7 << 23), str(7 << 23 | 1 << 22)  # servers of shard 0 and of shard 1


def part(settings: Settings, number: int) -> Settings:
    """Make one of two shards."""
    return replace(settings, discord_shard=Shard(number, 2))


async def test_each_server_is_answered_by_its_shard(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """Commands come to the shard of their server, private messages to the first, each once."""
    async with (
        door(share, part(settings, 0), discord),
        door(share, part(settings, 1), discord),
    ):
        for discord.guild in (EVEN, ODD):
            file = discord.store(b"x")
            assert links(await discord.reply(await discord.command("share", file, place="guild")))
        await discord.message("hello")
        assert links((await discord.replies(2))[0])
    assert discord.heard == [0, 1, 0]
    assert discord.identified == 2


async def test_commands_are_told_by_the_first_shard(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """The others leave what is the application's as a whole to it."""
    async with door(share, part(settings, 1), discord):
        await discord.connected(ODD)
        assert discord.synced == []
        async with door(share, part(settings, 0), discord):
            await discord.connected(EVEN)
            assert len(discord.synced) == 1


async def test_shard_that_is_let_in_later_waits_its_turn(
    discord: FakeDiscord,
    share: Share,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Discord lets one in at a time and sends the other away, which then comes back by itself."""

    async def at_once(*_: object, **__: object) -> None: ...

    # The library's own pause of five seconds, through the hook that it documents.
    monkeypatch.setattr("bots.discord_door.DiscordDoor.before_identify_hook", at_once)
    discord.turn = 0.2
    async with (
        door(share, part(settings, 0), discord),
        door(share, part(settings, 1), discord),
    ):
        await discord.connected(EVEN)
        await discord.connected(ODD)
    assert discord.identified > 2


async def test_two_of_one_shard_answer_once(
    discord: FakeDiscord, share: Share, settings: Settings, house: House
) -> None:
    """While one process takes another's place both hear the same, and make one link of it."""
    async with (
        door(share, part(settings, 1), discord),
        door(share, part(settings, 1), discord),
    ):
        discord.guild = ODD
        await until(lambda: len([one for one in discord._sessions if one.is_told(ODD)]) == 2)
        file = discord.store(b"x")
        number = await discord.command("share", file, place="guild")
        assert len(links(await discord.reply(number))) == 1
    assert discord.heard == [1, 1]
    assert len(await house.redis.keys("ots:{*}")) == 1
