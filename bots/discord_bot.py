"""The Discord door's life: log in, stay connected, close."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from math import isfinite
from typing import TYPE_CHECKING

import aiohttp
import discord
import structlog

from bots.deliveries import Deliveries
from bots.discord_arrivals import Bringer
from bots.discord_door import DiscordDoor
from bots.discord_messages import DOOR
from bots.discord_notices import Teller
from bots.notices import Notices
from core.background import beside, stop
from core.errors import DoorClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bots.share import Share
    from core.settings import Settings

log = structlog.get_logger()

READY_WITHIN = 60.0  # seconds until the gateway has let us in
TURN = 6.0  # seconds more for each shard: Discord lets one in every five
LOOK_EVERY = 5.0  # seconds between two looks whether the gateway answers
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds between tries to connect
# Close codes after which trying again can't help.
REASONS = {
    4004: "Discord refuses DISCORD_BOT_TOKEN: take it from the Developer Portal, Bot, Reset Token.",
    4010: "Discord refuses the shard: look at DISCORD_SHARD_ID and DISCORD_SHARD_COUNT.",
    4011: "Discord demands more shards: set DISCORD_SHARD_COUNT (docs/scaling.md).",
    4012: "Discord no longer speaks this version of its gateway: update OneTimeShare.",
    4013: "Discord refuses the intents.",
    4014: "Discord refuses the intents: enable them in the Developer Portal, Bot.",
}


async def run(
    share: Share,
    settings: Settings,
    *,
    connect: Callable[[], aiohttp.BaseConnector] = aiohttp.TCPConnector,
    ready_within: float = READY_WITHIN,
) -> None:
    """Keep the door open until cancelled.

    Args:
        share: the way into the vault.
        settings: among them the token.
        connect: makes the connector of each client; closing a client closes its own.
        ready_within: seconds until a gateway that says nothing counts as unreachable.

    Raises:
        DoorClosed: Discord refuses us in a way that only the operator can change.
    """
    token, shard = settings.discord_bot_token, settings.discord_shard
    assert token is not None  # noqa: S101 - the door is opened only with one
    if shard is not None:  # those that start at the same time are let in one after the other
        ready_within += TURN * shard.count
    tries = 0
    while True:
        async with aiohttp.ClientSession(connector=connect()) as session:
            # A client that failed to connect can't be trusted to try again: it gets a successor.
            uploads = settings.web_upload
            door = DiscordDoor(share, session, connect(), uploads=uploads, shard=shard)
            try:
                tries = await _live(door, token.reveal(), ready_within, tries)
            finally:
                await asyncio.shield(_close(door, settings.stop.timeout))
        pause = PAUSES[min(tries, len(PAUSES) - 1)]
        log.warning("discord gateway unreachable", again_in=pause)
        await asyncio.sleep(pause)
        tries += 1


async def _live(door: DiscordDoor, token: str, ready_within: float, tries: int) -> int:
    """Be connected; return when that ends in a way that another try may mend."""
    living = asyncio.create_task(door.start(token))
    ready = asyncio.create_task(door.opened.wait())
    try:
        await asyncio.wait(
            {living, ready}, timeout=ready_within, return_when=asyncio.FIRST_COMPLETED
        )
        if not ready.done() and not living.done():
            return tries
        if ready.done():
            shard = {} if door.shard is None else {"shard": str(door.shard)}
            log.info("door is open", door=DOOR, **shard)
            door.share.metrics.contact(DOOR)
            tries = 0
        async with (
            Notices(door.share, DOOR, Teller(door, door.share)).telling(),
            Deliveries(door.share, DOOR, Bringer(door, door.share.policy)).telling(),
            beside(_watch(door)),
        ):
            await living
    except discord.LoginFailure:
        raise DoorClosed(REASONS[4004]) from None
    except discord.PrivilegedIntentsRequired:
        raise DoorClosed(REASONS[4014]) from None
    except discord.ConnectionClosed as error:
        if error.code in REASONS:
            raise DoorClosed(REASONS[error.code]) from None
    except (discord.DiscordException, aiohttp.ClientError, OSError, AttributeError) as error:
        log.warning("discord failed", error=type(error).__name__)
    finally:
        await stop(living)
        ready.cancel()
    return tries


async def _watch(door: DiscordDoor) -> None:
    """Note when the gateway answered: every answer to a heartbeat has a delay of its own."""
    seen: list[tuple[int, float]] = []
    while True:
        delays = [(shard, delay) for shard, delay in door.latencies if isfinite(delay)]
        if delays != seen:
            seen = delays
            door.share.metrics.contact(DOOR)
        await asyncio.sleep(LOOK_EVERY)


async def _close(door: DiscordDoor, limit: float) -> None:
    """Take nothing new in, and let what runs end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):
            await door.finish()
    await door.close()
