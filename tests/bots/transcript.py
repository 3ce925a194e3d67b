"""Writes down what a chat shows, step by step, as docs/conversations.md has it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# What differs each time, and what stands for it.
_SETTLED = [
    (r"http://localhost:\d+/s/[\w-]{22}#[\w-]{43}", "https://once.example/s/dH3k…#9fQz…"),
    (r"http://localhost:\d+/r/[\w-]{22}#[\w-]{43}", "https://once.example/r/Wq0x…#k2Vt…"),
    (r"http://localhost:\d+", "https://once.example"),
    (r"\d{4}-\d\d-\d\d", "2026-03-09"),
    (r"\b\d\d:\d\d UTC", "14:03 UTC"),
    (r"<t:\d+:R>", "in 5 hours"),
    (r"<t:\d+:f>", "9 March 2026 19:03"),
    (r"\b4 h 59 min\b", "5 h"),
    (r"\b23 h 59 min\b", "1 day"),
]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as the chat shows it: who wrote it, its words, the labels of its buttons."""

    who: str
    text: str
    buttons: tuple[str, ...] = ()


@dataclass
class Transcript:
    """A conversation; `chat` tells what the chat shows now, by message."""

    chat: Callable[[], dict[str, Shown]]
    lines: list[str] = field(default_factory=list)
    _seen: dict[str, Shown] = field(default_factory=dict)

    def step(self, what: str) -> None:
        """Say what the person does next."""
        self.lines.append(f"*{what}*\n")

    def look(self) -> None:
        """Write down what the chat shows that it did not show before, and what it shows no more."""
        now = self.chat()
        for number in sorted(self._seen.keys() - now.keys()):
            whose = "The bot's" if self._seen[number].who == "Bot" else "Your"
            self.lines.append(f"{whose} message is deleted.\n")
        for number, shown in now.items():
            before = self._seen.get(number)
            if before is None:
                self.lines.append(f"{self._quoted(shown)}\n")
            elif before != shown:
                self.lines.append(f"The message changes:\n\n{self._quoted(shown)}\n")
        self._seen = now

    @staticmethod
    def _quoted(shown: Shown) -> str:
        text = f"**{shown.who}:** {settled(shown.text)}"
        if shown.buttons:
            text += "\n\n" + " ".join(f"`{label}`" for label in shown.buttons)
        lines = text.split("\n")
        followed = [*lines[1:], ""]  # a line that another follows is broken there
        broken = [f"{a}\\" if a and b else a for a, b in zip(lines, followed, strict=True)]
        return "\n".join(f"> {line}".rstrip() for line in broken)


def settled(text: str) -> str:
    """Write what differs each time in one way."""
    for pattern, instead in _SETTLED:
        text = re.sub(pattern, instead, text)
    return text
