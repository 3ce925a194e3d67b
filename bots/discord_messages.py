"""What people hand in on Discord, as a submission: a text, a file, or a zip of all that came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bots.download import download
from bots.share import Submission, archive_content, text_content
from core.archive import Entry
from core.secret import Kind, Sender

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import aiohttp
    import discord

DOOR = "discord"
CDN = frozenset({"https://cdn.discordapp.com", "https://media.discordapp.net"})


@dataclass(frozen=True, slots=True)
class Attached:
    """A file on the platform's CDN; its address is signed, so it is a secret of a day."""

    id: int
    url: str = field(repr=False)
    name: str = field(repr=False)
    type: str | None
    size: int

    @classmethod
    def of(cls, file: discord.Attachment) -> Attached:
        """Take it from the library."""
        return cls(file.id, file.url, file.filename, file.content_type, file.size)

    @classmethod
    def read(cls, told: dict[str, Any]) -> Attached:
        """Take it from what the platform says."""
        return cls(
            int(told["id"]), told["url"], told["filename"], told.get("content_type"), told["size"]
        )

    def entry(self, session: aiohttp.ClientSession) -> Entry:
        """Give what is fetched when it is read."""
        content = download(session, self.url, origins=CDN, size=self.size)
        return Entry(self.name, self.size, content)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, and where its sender is told: `chat` is empty where that is nowhere."""

    user: int
    name: str
    chat: str = ""
    language: str = "en"

    @classmethod
    def of(cls, interaction: discord.Interaction) -> Event:
        """Take it from an interaction."""
        name = f"interaction/{interaction.id}"
        return cls(interaction.user.id, name, language=str(interaction.locale))


def held(message: discord.Message) -> dict[str, Any]:
    """Give `submission` what a message holds, also of another that it forwards."""
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    return {
        "text": "\n\n".join(part.content for part in parts if part.content),
        "files": [Attached.of(file) for part in parts for file in part.attachments],
    }


def submission(  # noqa: PLR0913 - what one event can hand in
    event: Event,
    session: aiohttp.ClientSession,
    *,
    text: str = "",
    files: Sequence[Attached] = (),
    lifetime: timedelta | None = None,
    password: str | None = None,
) -> Submission | None:
    """Make one of all that came in with an event; None when that is nothing."""
    if not text and not files:
        return None
    return Submission(
        sender=Sender(DOOR, str(event.user)),
        event=event.name,
        chat=event.chat,
        language=event.language,
        lifetime=lifetime,
        password=password,
        **_content(text, files, session),
    )


def _content(
    text: str, files: Sequence[Attached], session: aiohttp.ClientSession
) -> dict[str, Any]:
    if not files:
        return {"kind": Kind.TEXT, "content": text_content(text)}
    entries = [file.entry(session) for file in files]
    if text.strip() or len(files) > 1:
        return archive_content(entries, text)
    [file], [entry] = files, entries
    return {
        "kind": Kind.FILE,
        "content": entry.content,
        "name": file.name,
        "type": file.type,
        "size": file.size,
    }
