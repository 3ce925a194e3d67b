"""Receipts become edits of the message that holds the link, and a short message where asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import discord
import structlog

from bots import discord_replies as words
from bots.discord_errors import final
from bots.discord_messages import DOOR
from bots.discord_reply import Reply
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
        message = self._message(ref)
        if message is not None:
            await self._update(message, receipt, status)
        if ref.chat and receipt.event is not Event.REVOKED:  # who revoked it knows
            await self._notify(_sentence(receipt, status), ref)

    async def _status(self, receipt: Receipt) -> Status | None:
        try:
            return await self._vault.status(receipt.secret_id, receipt.owner)
        except NotFound:  # the bot was down for longer than a note is kept
            return None

    def _message(self, ref: SenderRef) -> _Message | None:
        if not ref.message:
            return None
        if "token" in ref.more:
            if float(ref.more["until"]) < time.time():
                return None  # its next press shows the truth
            webhook = discord.Webhook.partial(
                int(ref.more["application"]), ref.more["token"], client=self._client
            )
            return _Message(webhook, int(ref.message))
        return _Message(self._chat(ref), int(ref.message))

    def _chat(self, ref: SenderRef) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(ref.chat), type=discord.ChannelType.private)

    async def _update(self, message: _Message, receipt: Receipt, status: Status | None) -> None:
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
        chat = self._chat(ref)
        try:
            if ref.message and "token" not in ref.more:
                place, number = chat.id, int(ref.message)
                await chat.send(
                    sentence,
                    suppress_embeds=True,
                    reference=discord.MessageReference(
                        message_id=number, channel_id=place, fail_if_not_exists=False
                    ),
                )
            else:
                await chat.send(sentence, suppress_embeds=True)
        except discord.HTTPException as error:
            if not final(error):
                raise
            raise Unreachable from None


def _sentence(receipt: Receipt, status: Status | None) -> str:
    if receipt.event is Event.LOCKED and status is not None and status.state is State.LOCKED:
        return words.state(status)  # which says why, and what can be done
    return words.event(receipt.event, moment(receipt.at))


class _Message:
    """A message by its number alone, in a chat or behind an interaction's token."""

    def __init__(self, place: discord.Webhook | discord.PartialMessageable, number: int) -> None:
        self._place = place
        self._number = number

    async def fetch(self) -> discord.Message:
        return await self._place.fetch_message(self._number)

    async def edit(self, **what: Any) -> None:  # noqa: ANN401 - the library's own fields
        if isinstance(self._place, discord.Webhook):
            await self._place.edit_message(self._number, **what)
        else:
            await self._place.get_partial_message(self._number).edit(**what)
