"""Receipts become edits of the message that holds the link, and a short message where asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import structlog

from bots import discord_replies as words
from bots.discord_errors import final
from bots.discord_messages import DOOR
from bots.discord_reply import Reply
from bots.discord_shown import Shown, chat
from bots.notices import Unreachable
from core.errors import NotFound
from core.receipts import Event
from core.record import moment
from core.secret import State

if TYPE_CHECKING:
    from bots.share import Share
    from core.receipts import Receipt
    from core.secret import SenderRef, Status

log = structlog.get_logger()

ENDS = frozenset(Event) - {Event.HELD, Event.LOCKED}


class Teller:
    """Tells a sender: nobody gets a message who neither wrote to the bot nor asked to be told."""

    def __init__(self, client: discord.Client, share: Share) -> None:
        self._client = client
        self._vault = share.vault

    async def __call__(self, receipt: Receipt, ref: SenderRef) -> None:
        """Let the message say what happened, then tell.

        Raises:
            Unreachable: the sender closed their direct messages.
        """
        status = await self._status(receipt)
        message = Shown.find(self._client, ref)
        if message is not None:
            await self._update(message, receipt, status)
        if ref.chat and receipt.event is not Event.REVOKED:  # who revoked it knows
            await self._notify(_sentence(receipt, status), ref)

    async def _status(self, receipt: Receipt) -> Status | None:
        try:
            return await self._vault.control.status(receipt.secret_id, receipt.owner)
        except NotFound:  # the bot was down for longer than a note is kept
            return None

    async def _update(self, message: Shown, receipt: Receipt, status: Status | None) -> None:
        try:
            if receipt.event in ENDS:
                made = status.created_at if status else None
                await message.edit(content=words.over(_sentence(receipt, status), made), view=None)
            elif status is not None and status.waiting:
                reply = Reply.read(await message.fetch(), receipt.secret_id)
                await message.edit(**reply.shown(status, self._vault.policy))
                await reply.keep_true(self._vault, receipt.owner, status, message.edit)
        except discord.HTTPException as error:
            if not final(error):
                raise
            # The message is deleted, or its token is over: pressing and /secrets tell.
            log.info("message stays as it is", door=DOOR, code=error.code)

    async def _notify(self, sentence: str, ref: SenderRef) -> None:
        place = chat(self._client, ref)
        try:
            if ref.message and "token" not in ref.more:
                number = int(ref.message)
                await place.send(
                    sentence,
                    suppress_embeds=True,
                    reference=discord.MessageReference(
                        message_id=number, channel_id=place.id, fail_if_not_exists=False
                    ),
                )
            else:
                await place.send(sentence, suppress_embeds=True)
        except discord.HTTPException as error:
            if not final(error):
                raise
            raise Unreachable from None


def _sentence(receipt: Receipt, status: Status | None) -> str:
    if receipt.event is Event.LOCKED and status is not None and status.state is State.LOCKED:
        return words.state(status)  # which says why, and what can be done
    return words.event(receipt.event, moment(receipt.at))
