"""A message of ours on Discord by its number alone, in a chat or behind an interaction's token."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import discord

if TYPE_CHECKING:
    from core.secret import SenderRef


class Shown:
    """A message that can be fetched and edited."""

    def __init__(self, place: discord.Webhook | discord.PartialMessageable, number: int) -> None:
        self._place = place
        self._number = number

    @classmethod
    def find(cls, client: discord.Client, ref: SenderRef) -> Shown | None:
        """Find the message where a sender is told; None where there is none, or its token ended."""
        if not ref.message:
            return None
        if "token" not in ref.more:
            return cls(chat(client, ref), int(ref.message))
        if float(ref.more["until"]) < time.time():
            return None  # its next press shows the truth
        webhook = discord.Webhook.partial(
            int(ref.more["application"]), ref.more["token"], client=client
        )
        return cls(webhook, int(ref.message))

    async def fetch(self) -> discord.Message:
        """Ask what it says now."""
        return await self._place.fetch_message(self._number)

    async def edit(self, **what: Any) -> None:  # noqa: ANN401 - the library's own fields
        """Write it anew."""
        if isinstance(self._place, discord.Webhook):
            await self._place.edit_message(self._number, **what)
        else:
            await self._place.get_partial_message(self._number).edit(**what)


def chat(client: discord.Client, ref: SenderRef) -> discord.PartialMessageable:
    """Find the direct messages where a sender is told."""
    return client.get_partial_messageable(int(ref.chat), type=discord.ChannelType.private)
