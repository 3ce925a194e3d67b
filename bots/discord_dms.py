"""Whether a person lets the bot write to them: found out at once, where they ask for it."""

from __future__ import annotations

import discord
import structlog

from bots.discord_errors import final

log = structlog.get_logger()


async def try_dm(interaction: discord.Interaction, sentence: str) -> str | None:
    """Write to whoever pressed; answer the chat where that arrived, or None where it can't."""
    try:
        chat = await interaction.client.create_dm(interaction.user)
        await chat.send(sentence, suppress_embeds=True)
    except discord.HTTPException as error:
        if not final(error):
            raise
        log.info("discord dm refused", code=error.code)
        return None
    return str(chat.id)
