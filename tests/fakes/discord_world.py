"""What the tests' Discord remembers: messages, interactions, files."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes import discord_payloads as payloads

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = 1_420_070_400_000  # ms; ids hold the time since then
EPHEMERAL = 64


@dataclass(slots=True)
class Attachment:
    """A file on the CDN; `cut` breaks its download off, `status` refuses it."""

    body: bytes
    cut: int | None = None
    status: int = 200


@dataclass(slots=True)
class Asked:
    """An interaction: when it was told, what it was answered with, which messages that made."""

    told: float
    asked_at: float
    installed: bool = True  # where it was asked
    message: str | None = None  # the one with the button, or the one that an edit means
    response: dict[str, Any] | None = None
    made: list[str] = field(default_factory=list)


class World:
    """One application's world."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.time
        self.messages: dict[str, dict[str, Any]] = {}
        self.deleted: list[str] = []
        self.interactions: dict[str, Asked] = {}
        self.files: dict[str, Attachment] = {}
        self.dms: list[dict[str, Any]] = []  # what the bot sent
        self._ids = itertools.count()

    def new_id(self) -> str:
        """Make an id of now."""
        now = round(self.clock() * 1000) - EPOCH
        return str((now << 22) + next(self._ids))

    def keep(self, body: dict[str, Any], *, flags: int = 0) -> dict[str, Any]:
        """Keep a message of the bot's as it would be told."""
        number = self.new_id()
        self.messages[number] = {**payloads.message(number, ""), "author": payloads.bot()}
        self.messages[number]["flags"] = flags | body.get("flags", 0)
        return self.change(number, body)

    def change(self, number: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write a message anew."""
        message = self.messages[number]
        if "content" in body:
            message["content"] = body["content"]
        if "components" in body:
            message["components"] = payloads.components(body["components"])
        return message

    def button(self, number: str, label: str) -> dict[str, Any]:
        """Find a button or a menu of a message by what people read on it."""
        found = {
            item.get("label") or item["placeholder"]: item
            for row in self.messages[number]["components"]
            for item in row["components"]
        }
        assert label in found, f"{label} is not offered, but {sorted(found)}"
        item: dict[str, Any] = found[label]
        return item

    def offered(self, number: str) -> set[str]:
        """List what a message offers."""
        rows = self.messages[number]["components"]
        return {
            item.get("label") or item["placeholder"] for row in rows for item in row["components"]
        }
