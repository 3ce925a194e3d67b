"""A password by chat: a prompt that repeats the link, whose reply is the password.

The reply brings the prompt, and with it the link: nothing is kept in between.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from telegram import ForceReply
from telegram.error import TelegramError

from bots import replies
from bots.refusals import refusal
from bots.telegram_chat import answer, delete
from bots.telegram_message import DOOR, sender
from bots.telegram_standing import is_ours, link_in
from core.errors import Duplicate, OneTimeShareError
from core.language import _
from core.link import Link

if TYPE_CHECKING:
    from telegram import Message

    from bots.share import Share
    from core.vault import Vault


async def ask(message: Message, url: str, *, protected: bool) -> None:
    """Ask for a new password, and for the old one where there is one."""
    text = replies.password_prompt(url, protected=protected)
    await message.reply_text(text, reply_markup=ForceReply(input_field_placeholder="…"))


def asked_for(message: Message) -> Link | None:
    """Find the link whose password a message is; any other message is none."""
    prompt = message.reply_to_message
    if prompt is None or message.text is None or not is_ours(prompt):
        return None
    url = link_in(prompt)
    if url is None or not (prompt.text or "").startswith(replies.PROMPT):
        return None
    return Link.parse(url)


async def take(share: Share, message: Message, link: Link) -> None:
    """Set, change or remove the password, once however often the reply is told.

    Prompt and password go from the chat in any case, and a sentence says what came of it.
    """
    given = f"{message.chat.id}/{message.message_id}/password"
    try:
        async with share.creations.once(DOOR, given):
            await _end(message, await _rewrap(share.vault, message, link))
    except Duplicate:
        return
    except OneTimeShareError as error:  # it was not even begun
        await _end(message, refusal(error))


async def _rewrap(vault: Vault, message: Message, link: Link) -> str:
    owner, text = vault.owner(sender(message)), message.text or ""
    try:
        status = await vault.control.status(link.id, owner)
        old, _line, new = text.partition("\n") if status.protected else ("", "", text)
        await vault.control.rewrap(
            link.id, link.key, owner, password=new.strip() or None, old_password=old.strip() or None
        )
    except OneTimeShareError as error:
        return refusal(error)
    return _(replies.PASSWORD_SET) if new.strip() else _(replies.PASSWORD_GONE)


async def _end(message: Message, told: str) -> None:
    if message.reply_to_message is not None:
        await delete(message.reply_to_message)
    if not await delete(message):
        told = f"{told}\n\n{_(replies.PASSWORD_STAYS)}"
    with suppress(TelegramError):  # a sender who can't be reached knows why
        await answer(message, told)
