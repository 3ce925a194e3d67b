"""The answer to /secrets, and to /delete-my-data: what is over, what waits, and its end."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import discord
import structlog
from discord import ui

from bots import discord_replies as words
from bots.discord_buttons import Choice, Press, confirm
from bots.discord_messages import DOOR
from bots.discord_view import Buttons
from bots.refusals import refusal
from bots.requests import Requests
from core.errors import Gone, NotFound, OneTimeShareError, TooLate
from core.language import _
from core.secret import Sender

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bots.share import Share
    from core.link import SecretId

    Shown = tuple[str, ui.View | None]
    Act = Callable[[bytes, SecretId | None, str], Awaitable[Shown]]

log = structlog.get_logger()

LISTED = 15  # fit into one message, and into one menu


class Secrets:
    """Shows a person their secrets, and does what they choose there."""

    def __init__(self, share: Share) -> None:
        self._vault = share.vault
        self._requests = Requests(share)
        self._acts: dict[str, Act] = {
            "list": self._list,
            "drop": self._ask,
            "dropnow": self._drop,
            "forget": self._forget,
            "forgetnot": self._keep,
        }

    def knows(self, action: str) -> bool:
        """Tell whether a press belongs here."""
        return action in self._acts

    async def show(self, interaction: discord.Interaction) -> None:
        """Answer /secrets."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._answer(interaction, "list", None, "")

    async def ask_to_forget(self, interaction: discord.Interaction) -> None:
        """Answer /delete-my-data with the question whether it is meant."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        yes = Press("forget", None, _(words.FORGET), discord.ButtonStyle.danger)
        no = Press("forgetnot", None, _(words.FORGET_NOT))
        await interaction.edit_original_response(content=_(words.REALLY_ALL), view=confirm(yes, no))

    async def handle(
        self,
        interaction: discord.Interaction,
        action: str,
        secret_id: SecretId | None,
        chosen: str = "",
    ) -> None:
        """Do what a button or the menu says."""
        await interaction.response.defer()
        await self._answer(interaction, action, secret_id, chosen)

    async def _answer(
        self,
        interaction: discord.Interaction,
        action: str,
        secret_id: SecretId | None,
        chosen: str,
    ) -> None:
        owner = self._vault.owner(Sender(DOOR, str(interaction.user.id)))
        try:
            content, view = await self._acts[action](owner, secret_id, chosen)
        except OneTimeShareError as error:
            log.info("refused", door=DOOR, error=type(error).__name__)
            content, view = refusal(error), None
        await interaction.edit_original_response(content=content, view=view)

    async def _list(self, owner: bytes, _secret_id: SecretId | None, note: str) -> Shown:
        secrets = await self._vault.control.secrets(owner)
        if not secrets:
            return _(words.NO_SECRETS), None
        listed = list(enumerate(secrets[:LISTED], 1))
        lines = [_(words.SECRETS), *(words.secret(number, status) for number, status in listed)]
        if len(secrets) > LISTED:
            lines.append(_(words.MORE_SECRETS).format(count=len(secrets) - LISTED))
        if note:
            lines.append(note)
        options = [
            discord.SelectOption(
                label=words.secret_choice(number, status), value=f"{number} {status.id}"
            )
            for number, status in listed
            if status.waiting
        ]
        return "\n".join(lines), _menu(options)

    async def _ask(self, owner: bytes, _secret_id: SecretId | None, chosen: str) -> Shown:
        number, _space, name = chosen.partition(" ")
        for status in await self._vault.control.secrets(owner):
            if str(status.id) == name and status.waiting:
                question = _(words.REALLY_ONE).format(
                    number=number, made=words.clock(status.created_at)
                )
                yes = Press("dropnow", status.id, _(words.REVOKE_NOW), discord.ButtonStyle.danger)
                return question, confirm(yes, Press("list", None, _(words.KEEP)))
        return await self._list(owner, None, "")  # over meanwhile, as the list says

    async def _drop(self, owner: bytes, secret_id: SecretId | None, _chosen: str) -> Shown:
        with suppress(NotFound, TooLate, Gone):  # the list says what became of it
            if secret_id is not None:
                await self._vault.control.revoke(secret_id, owner)
        return await self._list(owner, None, "")

    async def _forget(self, owner: bytes, _secret_id: SecretId | None, _chosen: str) -> Shown:
        await self._requests.forget(owner)
        return _(words.FORGOTTEN).format(count=await self._vault.control.forget(owner)), None

    @staticmethod
    async def _keep(_owner: bytes, _secret_id: SecretId | None, _chosen: str) -> Shown:
        return _(words.NOTHING_DONE), None


def _menu(options: list[discord.SelectOption]) -> ui.View | None:
    if not options:
        return None
    view = Buttons()
    view.add_item(Choice("drop", None, _(words.REVOKE_ONE), options))
    return view
