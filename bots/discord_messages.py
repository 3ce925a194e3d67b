"""What people hand in on Discord, as submissions: texts, attachments, forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bots.download import download
from bots.share import Submission, text_content
from core.secret import Kind, Sender

if TYPE_CHECKING:
    from collections.abc import Iterable
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

    def handed_in(self, session: aiohttp.ClientSession) -> dict[str, Any]:
        """Give a submission's fields about it; its bytes are fetched when they are read."""
        return {
            "kind": Kind.FILE,
            "content": download(session, self.url, origins=CDN, size=self.size),
            "name": self.name,
            "type": self.type,
            "size": self.size,
        }


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


def submissions(  # noqa: PLR0913 - what one event can hand in
    event: Event,
    session: aiohttp.ClientSession,
    *,
    text: str = "",
    files: Iterable[Attached] = (),
    lifetime: timedelta | None = None,
    password: str | None = None,
) -> list[Submission]:
    """Make one of each file, and one of the text."""
    shared: dict[str, Any] = {
        "sender": Sender(DOOR, str(event.user)),
        "chat": event.chat,
        "language": event.language,
        "lifetime": lifetime,
        "password": password,
    }
    made = [
        Submission(event=f"{event.name}/{file.id}", **file.handed_in(session), **shared)
        for file in files
    ]
    if text:
        name, content = f"{event.name}/text", text_content(text)
        made.append(Submission(event=name, kind=Kind.TEXT, content=content, **shared))
    return made
