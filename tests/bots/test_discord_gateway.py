"""The Discord door's life: it comes back after what a retry mends, and says what none does."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bots import discord_bot
from core.errors import DoorClosed
from core.settings import Hidden
from tests.contents import until
from tests.fakes.discord_talk import door, links

if TYPE_CHECKING:
    from bots.share import Share
    from core.settings import Settings
    from tests.fakes.discord import FakeDiscord


async def test_no_privileged_intent_is_asked_for(talk: FakeDiscord) -> None:
    """It hears what people send to it, and nothing else: not members, presences, or contents."""
    await talk.reply(await talk.command("help"))
    assert talk.intents == 1 << 12


@pytest.mark.parametrize("trouble", ["reconnect", "drop", "invalid"])
async def test_connection_is_taken_up_again(talk: FakeDiscord, trouble: str) -> None:
    """After RECONNECT, a broken connection or INVALID_SESSION the door answers again."""
    await talk.reply(await talk.command("help"))
    if trouble == "reconnect":
        await talk.order(7)
    elif trouble == "drop":
        await talk.drop()
    else:
        await talk.order(9, data=False)
    assert await talk.reply(await talk.command("help"))
    assert (talk.identified, talk.resumed) == ((2, 0) if trouble == "invalid" else (1, 1))


async def test_gateway_is_heard_where_nobody_writes(
    discord: FakeDiscord, share: Share, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every answer to a heartbeat counts as a sign of the platform; the metrics tell the last."""
    discord.heartbeat = 100
    monkeypatch.setattr("bots.discord_bot.LOOK_EVERY", 0.02)

    def contact() -> float:
        name, labels = "onetimeshare_door_contact_timestamp_seconds", {"door": "discord"}
        return share.metrics.registry.get_sample_value(name, labels) or 0.0

    async with door(share, settings, discord):
        await until(contact)
        for _ in range(3):
            seen = contact()
            await until(lambda seen=seen: contact() > seen)  # type: ignore[misc]


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


@pytest.mark.parametrize("code", [4004, 4010, 4014])
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
