"""What becomes of an existing message that was shared: deleted, where both sides may."""

from __future__ import annotations

import discord
import structlog

from bots import discord_replies as words
from bots.discord_messages import DOOR
from core.language import _

log = structlog.get_logger()


async def after(interaction: discord.Interaction, message: discord.Message) -> str:
    """Delete the message where the person and the bot may; say what became of it, or who can."""
    own = message.author.id == interaction.user.id
    if not own and not interaction.permissions.manage_messages:
        return _(words.ITS_AUTHOR)
    may = interaction.is_guild_integration() and interaction.app_permissions.manage_messages
    if may and await _delete(interaction, message):
        return _(words.DELETED)
    return _(words.DELETE_YOURS) if own else _(words.I_MAY_NOT)


async def _delete(interaction: discord.Interaction, message: discord.Message) -> bool:
    place = interaction.client.get_partial_messageable(message.channel.id)
    try:
        await place.get_partial_message(message.id).delete()
    except discord.NotFound:
        return True  # somebody was faster
    except discord.HTTPException as error:
        log.info("message not deleted", door=DOOR, code=error.code)
        return False
    return True
