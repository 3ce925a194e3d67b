"""What a Telegram message holds, and for whom it is meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from telegram import MessageEntity

from core.secret import Sender

if TYPE_CHECKING:
    from collections.abc import Collection

    from telegram import Location, Message, User

DOOR = "telegram"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as the update announces it; `size` in bytes where the platform says it."""

    file_id: str = field(repr=False)
    name: str = field(repr=False)
    type: str | None
    size: int | None


def attached(message: Message) -> Attached | None:
    """Find the message's file, under the name that its sender gave it or a plain one."""
    if message.photo:
        largest = message.photo[-1]
        return Attached(largest.file_id, "photo.jpg", "image/jpeg", largest.file_size)
    if message.voice:
        voice = message.voice
        return Attached(voice.file_id, "voice.ogg", voice.mime_type, voice.file_size)
    if message.video_note:
        note = message.video_note
        return Attached(note.file_id, "video.mp4", "video/mp4", note.file_size)
    # An animation is announced as a document too, under the same id.
    found = message.animation or message.video or message.audio or message.document
    if found is None:
        return None
    fallback = {"Video": "video.mp4", "Audio": "audio.mp3", "Animation": "animation.mp4"}
    name = found.file_name or fallback.get(type(found).__name__, "file")
    return Attached(found.file_id, name, found.mime_type, found.file_size)


def sender(message: Message) -> Sender:
    """Name the sender: in a private chat, chat and person are one."""
    return Sender(DOOR, str(message.chat.id))


def language(message: Message) -> str:
    """Name the language that the sender's Telegram speaks."""
    return (message.from_user and message.from_user.language_code) or "en"


def event(message: Message) -> str:
    """Name what came in, the same each time the platform tells it."""
    return f"{message.chat.id}/{message.message_id}"


def written(message: Message) -> str | None:
    """Find what is written in a message; a contact and a place are written out."""
    if message.contact is not None:
        contact = message.contact
        name = " ".join(filter(None, (contact.first_name, contact.last_name)))
        return "\n".join(filter(None, (name, contact.phone_number, contact.vcard)))
    if message.venue is not None:
        venue = message.venue
        return "\n".join((venue.title, venue.address, _place(venue.location)))
    if message.location is not None:
        return _place(message.location)
    return message.text or message.caption


def units(text: str) -> int:
    """Count a text's UTF-16 units, as Telegram does."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _place(location: Location) -> str:
    """Write a place so that people can type it and programs can open it (RFC 5870)."""
    latitude, longitude = f"{location.latitude:.6f}", f"{location.longitude:.6f}"
    return f"{latitude}, {longitude}\ngeo:{latitude},{longitude}"


def addresses(message: Message, bot: User, commands: Collection[str]) -> bool:
    """Tell whether a group's message is meant for the bot.

    It is by one of the bot's commands, a mention, a reply to the bot, or when it was just added.
    """
    answered = message.reply_to_message
    if (answered is not None and answered.from_user == bot) or bot in message.new_chat_members:
        return True
    kinds: list[str | None] = [MessageEntity.BOT_COMMAND, MessageEntity.MENTION]
    words = message.parse_entities(kinds) if message.text else {}
    words |= message.parse_caption_entities(kinds) if message.caption else {}
    ours = {f"/{command}" for command in commands}
    return any(
        word.lower() in ours or word.lower().endswith(f"@{bot.username}".lower())
        for word in words.values()
    )
