"""A password by chat: a prompt that repeats the link, whose reply is the password.

The reply brings the prompt, and with it the link: nothing is kept in between.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from telegram import ForceReply

from bots import replies
from bots.telegram_chat import answer, delete
from bots.telegram_message import sender
from core.errors import Malformed, OneTimeShareError
from core.link import Link

if TYPE_CHECKING:
    from telegram import Message

    from core.vault import Vault

LINK = re.compile(r"https?://\S+/s/[\w-]{22}#[\w-]{43}")


async def ask(message: Message, url: str, *, protected: bool) -> None:
    """Ask for a new password, and for the old one where there is one."""
    text = replies.password_prompt(url, protected=protected)
    await message.reply_text(text, reply_markup=ForceReply(input_field_placeholder="…"))


def asked_for(message: Message) -> Link | None:
    """Find the link whose password a message is; any other message is none."""
    prompt = message.reply_to_message
    if prompt is None or message.text is None or prompt.from_user is None:
        return None
    if prompt.from_user.id != message.get_bot().id or not prompt.text:
        return None
    found = LINK.search(prompt.text)
    if found is None or not prompt.text.startswith(replies.PASSWORD_PROMPT):
        return None
    try:
        return Link.parse(found[0])
    except Malformed:
        return None


async def take(vault: Vault, message: Message, link: Link) -> None:
    """Set, change or remove the password; prompt and password go from the chat in any case."""
    owner, text = vault.owner(sender(message)), message.text or ""
    try:
        status = await vault.status(link.id, owner)
        old, _, new = text.partition("\n") if status.protected else ("", "", text)
        await vault.rewrap(
            link.id, link.key, owner, password=new.strip() or None, old_password=old.strip() or None
        )
        told = replies.PASSWORD_SET if new.strip() else replies.PASSWORD_GONE
    except OneTimeShareError as error:
        told = replies.refusal(error)
    await answer(message, told)
    await delete(message)
    if message.reply_to_message is not None:
        await delete(message.reply_to_message)
