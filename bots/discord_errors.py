"""What Discord's refusals mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import discord

UNKNOWN_INTERACTION = 10062  # the first answer came too late
ANSWERED_BEFORE = 40060  # another replica was faster
TOKEN_OVER = 50027  # an interaction's permit to answer and edit ended


def final(error: discord.HTTPException) -> bool:
    """Tell whether asking again can't help.

    It may after too many requests, an outage, or once the operator gave a new token (401).
    """
    return error.status in {400, 403, 404} or error.code == TOKEN_OVER
