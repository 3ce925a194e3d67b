"""How the link of what was handed in reaches whoever asked on Discord.

By a direct message where they wish it. An answer that only they see can be edited while its token
lives, yet is gone once they restart Discord: so it says that a link waits, and shows it on a press.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import structlog

from bots import discord_request, request_replies
from bots.discord_errors import final
from bots.discord_messages import DOOR
from bots.discord_shown import Shown, chat
from bots.notices import Unreachable
from core.language import _
from core.secret import SenderRef

if TYPE_CHECKING:
    from bots.deliveries import Arrival
    from core.policy import Policy

log = structlog.get_logger()


class Bringer:
    """Brings links."""

    def __init__(self, client: discord.Client, policy: Policy) -> None:
        self._client = client
        self._policy = policy

    async def __call__(self, arrival: Arrival) -> SenderRef:
        """Send the link, or let the message that asked say that it waits.

        Raises:
            Unreachable: they are not written to; it waits until they press.
        """
        ref, sent = arrival.ref, await self._send(arrival)
        if sent is None:
            await self._edit(ref, **discord_request.arrived(arrival.invitation))
            raise Unreachable
        try:
            await self._edit(ref, content=_(request_replies.SENT_BY_DM), view=None)
        except discord.HTTPException as error:  # a courtesy, now that the link is there
            log.info("message stays as it is", door=DOOR, code=error.code)
        return SenderRef(DOOR, ref.chat, ref.language, str(sent.id))

    async def _send(self, arrival: Arrival) -> discord.Message | None:
        if not arrival.ref.chat:
            return None
        what = discord_request.brought(arrival, self._policy, tells=None)
        try:
            return await chat(self._client, arrival.ref).send(suppress_embeds=True, **what)
        except discord.HTTPException as error:
            if not final(error):
                raise
            log.info("discord dm refused", code=error.code)
            return None

    async def _edit(self, ref: SenderRef, **what: object) -> None:
        message = Shown.find(self._client, ref)
        if message is None:
            return
        try:
            await message.edit(**what)
        except discord.HTTPException as error:
            if not final(error):
                raise
            # The message is deleted, or its token is over: /secrets tells.
            log.info("message stays as it is", door=DOOR, code=error.code)
