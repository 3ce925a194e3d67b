"""Asking on Discord: /request and /upload, the buttons below their answers, and what waits."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from bots import discord_replies as words
from bots import request_replies
from bots.discord_dms import try_dm
from bots.discord_messages import DOOR
from bots.discord_request import brought, listed, shown
from bots.discord_request_buttons import confirm_in_list
from bots.discord_sharing import token_of
from bots.refusals import refusal
from bots.requests import Requests, Wish
from core.errors import Closed, Duplicate, NotFound, OneTimeShareError, Unavailable
from core.invitation import Purpose
from core.language import _
from core.policy import LONGEST_LABEL
from core.secret import Sender, SenderRef

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import discord

    from bots.share import Share
    from core.invitation import InvitationId

    Act = Callable[["Pressed"], Awaitable[dict[str, Any]]]

log = structlog.get_logger()

LISTED = 20  # fit into one message, and below it
LINK = re.compile(r"<(https?://\S+/r/[\w-]{22}#[\w-]{43})>")


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press: who pressed, about which request."""

    interaction: discord.Interaction
    name: InvitationId
    owner: bytes

    @property
    def url(self) -> str | None:
        """The request's link, which the message shows."""
        message = self.interaction.message
        found = LINK.search(message.content) if message is not None else None
        return found[1] if found else None

    def ref(self, chat: str) -> SenderRef:
        """Name the message, with the newest token that edits it."""
        interaction = self.interaction
        message = str(interaction.message.id) if interaction.message is not None else ""
        return SenderRef(DOOR, chat, str(interaction.locale), message, token_of(interaction))


class Asking:
    """Answers whoever asks, for their eyes only."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._requests = Requests(share)
        self._acts: dict[str, Act] = {
            "refresh": self._refresh,
            "keep": self._refresh,
            "revoke": self._question,
            "burn": self._revoke,
            "tell": self._tell,
            "quiet": self._quiet,
            "show": self._show,
            "list": self._list,
            "drop": self._question_in_list,
            "dropnow": self._revoke_in_list,
            "fetch": self._fetch,
        }

    # ── commands ────────────────────────────────────────────────────────────────────────────

    async def ask(
        self, interaction: discord.Interaction, purpose: Purpose, label: str = ""
    ) -> None:
        """Give a link by which something may be handed in."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        if purpose is Purpose.UPLOAD:  # its page is for their own eyes
            label = interaction.user.display_name[:LONGEST_LABEL]
        sender = Sender(DOOR, str(interaction.user.id))
        owner, edit = self._share.vault.owner(sender), interaction.edit_original_response
        wish = Wish(sender, "", str(interaction.locale), label, purpose)
        try:
            async with self._requests.handle(f"interaction/{interaction.id}", wish) as asked:
                one = await self._requests.look(owner, asked.id)
                message = await edit(**shown(one, asked.url, self._share.policy))
            ref = wish.ref(str(message.id), token_of(interaction))
            await self._requests.note(owner, asked.id, ref)
            now = await self._requests.look(owner, asked.id)
            if not now.open:  # something came before it was known where to say so
                await edit(**shown(now, asked.url, self._share.policy))
        except Duplicate:
            return
        except OneTimeShareError as error:
            log.info("refused", door=DOOR, error=type(error).__name__)
            await edit(content=refusal(error))

    async def list_waiting(self, interaction: discord.Interaction) -> None:
        """Follow the answer to /secrets up with what waits, where there is something."""
        found = await self._requests.waiting(self._owner(interaction))
        if found:
            await interaction.followup.send(ephemeral=True, **listed(found[:LISTED]))

    # ── presses ─────────────────────────────────────────────────────────────────────────────

    async def handle(
        self, interaction: discord.Interaction, action: str, name: InvitationId
    ) -> None:
        """Do what a button says, and write its message anew."""
        if action not in self._acts:
            return
        await interaction.response.defer()
        pressed = Pressed(interaction, name, self._owner(interaction))
        try:
            await interaction.edit_original_response(**await self._acts[action](pressed))
        except NotFound:
            await interaction.edit_original_response(content=_(words.OVER), view=None)
        except OneTimeShareError as error:
            log.info("refused", door=DOOR, error=type(error).__name__)
            await interaction.followup.send(refusal(error), ephemeral=True)

    async def _refresh(self, pressed: Pressed) -> dict[str, Any]:
        return await self._noted(pressed)

    async def _question(self, pressed: Pressed) -> dict[str, Any]:
        return await self._noted(pressed, _(request_replies.REALLY), sure=False)

    async def _revoke(self, pressed: Pressed) -> dict[str, Any]:
        with suppress(Closed):  # the message says what became of it
            await self._requests.revoke(pressed.owner, pressed.name)
        return await self._noted(pressed)

    async def _tell(self, pressed: Pressed) -> dict[str, Any]:
        await self._requests.look(pressed.owner, pressed.name)  # before anybody is written to
        chat = await try_dm(pressed.interaction, _(request_replies.WILL_BRING))
        if chat is None:
            return await self._noted(pressed, _(words.CANT_TELL))
        return await self._noted(pressed, chat=chat)

    async def _quiet(self, pressed: Pressed) -> dict[str, Any]:
        return await self._noted(pressed, chat="")

    async def _noted(
        self, pressed: Pressed, note: str = "", *, chat: str | None = None, sure: bool = True
    ) -> dict[str, Any]:
        """Note the newest token and, where it is wished, another chat; write how it stands."""
        owner, name = pressed.owner, pressed.name
        if chat is None:
            chat = (await self._requests.look(owner, name)).asking.ref.chat
        await self._requests.note(owner, name, pressed.ref(chat))
        one = await self._requests.look(owner, name)
        return shown(one, pressed.url, self._share.policy, note, sure=sure)

    async def _show(self, pressed: Pressed) -> dict[str, Any]:
        await self._bring(pressed)
        one = await self._requests.look(pressed.owner, pressed.name)
        return shown(one, pressed.url, self._share.policy)

    async def _bring(self, pressed: Pressed) -> None:
        """Show the link of what was handed in, in an answer of its own; then it is kept no more."""
        follow_up, vault = pressed.interaction.followup, self._share.vault
        with suppress(NotFound):  # it was brought meanwhile
            async with self._requests.fetch(pressed.owner, pressed.name) as arrival:
                chat = arrival.ref.chat
                what = brought(arrival, self._share.policy, tells=bool(chat))
                message = await follow_up.send(
                    wait=True, ephemeral=True, suppress_embeds=True, **what
                )
            more, language = token_of(pressed.interaction), str(pressed.interaction.locale)
            ref = SenderRef(DOOR, chat, language, str(message.id), more)
            with suppress(Unavailable):  # pressing and /secrets tell
                await vault.control.refer(arrival.status.id, pressed.owner, ref)

    async def _list(self, pressed: Pressed) -> dict[str, Any]:
        return listed((await self._requests.waiting(pressed.owner))[:LISTED])

    async def _question_in_list(self, pressed: Pressed) -> dict[str, Any]:
        return {"content": _(request_replies.REALLY), "view": confirm_in_list(pressed.name)}

    async def _revoke_in_list(self, pressed: Pressed) -> dict[str, Any]:
        with suppress(NotFound, Closed):  # the list no longer has it
            await self._requests.revoke(pressed.owner, pressed.name)
        return await self._list(pressed)

    async def _fetch(self, pressed: Pressed) -> dict[str, Any]:
        await self._bring(pressed)
        return await self._list(pressed)

    def _owner(self, interaction: discord.Interaction) -> bytes:
        return self._share.vault.owner(Sender(DOOR, str(interaction.user.id)))
