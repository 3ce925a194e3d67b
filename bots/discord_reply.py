"""The message that holds a link: what it says and offers, and what a press brings back of it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import discord

from bots import discord_replies as replies
from bots.discord_buttons import actions_on, controls
from core.errors import Malformed, OneTimeShareError
from core.language import _
from core.link import Link
from core.secret import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bots.share import Shared
    from core.link import SecretId
    from core.policy import Policy
    from core.secret import Status
    from core.vault import Vault

    Edit = Callable[..., Awaitable[object]]

_LINK = re.compile(r"<(https?://\S+#[\w-]+)>")


@dataclass(frozen=True, slots=True)
class Reply:
    """All that a door needs to write the message anew; nothing of it is kept.

    `tells`: whether its sender is told by DM, None where that is no question: the message is one.
    """

    head: str
    url: str | None = field(repr=False)
    tells: bool | None = None

    @classmethod
    def fresh(
        cls, shared: Shared, kind: Kind, *, tells: bool | None, packed: bool = False
    ) -> Reply:
        """Make the first one; `packed`: of several files as one."""
        head = _(replies.LINK_FOR_TEXT) if kind is Kind.TEXT else _(replies.LINK_FOR_FILE)
        if packed:
            head = _(replies.LINK_FOR_FILES)
        return cls(head, shared.url, tells)

    @classmethod
    def read(cls, message: discord.Message, secret_id: SecretId) -> Reply:
        """Find in a message what it said and offered."""
        head = message.content.partition("\n")[0]
        found = _LINK.search(message.content)
        url = found[1] if found else None
        if url is not None and _link(url, secret_id) is None:
            url = None
        offered = actions_on(message)
        tells = "quiet" in offered if offered & {"quiet", "tell"} else None
        return cls(head, url, tells)

    def link(self, secret_id: SecretId) -> Link | None:
        """Find the link, which is here alone."""
        return None if self.url is None else _link(self.url, secret_id)

    def shown(
        self, status: Status, policy: Policy, note: str = "", *, sure: bool = True
    ) -> dict[str, Any]:
        """Write it as things stand: at the end both the link and the buttons go."""
        state = replies.state(status)
        if not status.waiting:
            return {"content": replies.over(state, status.created_at), "view": None}
        lines = [self.head if self.url else "", f"<{self.url}>" if self.url else "", state]
        if status.protected:
            lines.append(_(replies.TELL_PASSWORD))
        lines.append(note)
        view = controls(status, policy, tells=self.tells, sure=sure)
        return {"content": "\n".join(line for line in lines if line), "view": view}

    async def keep_true(
        self, vault: Vault, owner: bytes, shown: Status, edit: Edit, *, note: str = ""
    ) -> None:
        """Edit again until nothing happened meanwhile.

        What happens before this looks is seen by it, and what happens later has its receipt, which
        edits after this did: so the last edit is the true one, whichever replica makes it.
        """
        with suppress(OneTimeShareError, discord.HTTPException):
            while replies.state(
                now := await vault.control.status(shown.id, owner)
            ) != replies.state(shown):
                await edit(**self.shown(now, vault.policy, note))
                shown = now


def _link(url: str, secret_id: SecretId) -> Link | None:
    try:
        link = Link.parse(url)
    except Malformed:
        return None
    return link if link.id == secret_id else None
