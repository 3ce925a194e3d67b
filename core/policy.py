"""What may be shared: sizes, names, endings, lifetimes, passwords. Who may, is another matter."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from core.errors import BadLabel, BadLifetime, BadPassword, ForbiddenExtension, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

SHORTEST_LIFETIME = timedelta(minutes=1)
LONGEST_PASSWORD = 1024  # bytes of UTF-8
LONGEST_LABEL = 60  # characters
LONGEST_NAME = 150  # bytes of UTF-8: fits every file system with room for a browser's " (1)"

# Names that Windows takes for devices, with or without an ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_FORBIDDEN = frozenset('<>:"/\\|?*')


@dataclass(frozen=True, slots=True)
class Policy:
    """The operator's rules; every door asks the same ones. `allowed` empty: any ending."""

    max_size: int
    default_lifetime: timedelta
    max_lifetime: timedelta
    allowed: tuple[str, ...] = ()

    def lifetime(self, wish: timedelta | None) -> timedelta:
        """Grant the wished lifetime, or the default one.

        Raises:
            BadLifetime: when it is out of bounds.
        """
        if wish is None:
            return self.default_lifetime
        if not SHORTEST_LIFETIME <= wish <= self.max_lifetime:
            raise BadLifetime(SHORTEST_LIFETIME, self.max_lifetime)
        return wish

    def check_name(self, name: str) -> None:
        """Refuse a file whose ending is not on the list, before its bytes are read.

        Raises:
            ForbiddenExtension: with the ending and the list.
        """
        if not self.allowed:
            return
        extension = PurePosixPath(clean_name(name)).suffix.lower().removeprefix(".")
        if not extension and clean_name(name).startswith("."):  # ".env" is all ending
            extension = clean_name(name).lower().removeprefix(".")
        if extension not in self.allowed:
            raise ForbiddenExtension(extension, self.allowed)

    def check_size(self, size: int | None) -> None:
        """Refuse a declared size at once; what really arrives is counted by `counted`.

        Raises:
            TooLarge: with the limit.
        """
        if size is not None and size > self.max_size:
            raise TooLarge(self.max_size)

    async def counted(self, content: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """Pass the bytes on and count them, whatever a header claimed.

        Raises:
            TooLarge: at the first byte beyond the limit.
        """
        size = 0
        async for piece in content:
            size += len(piece)
            self.check_size(size)
            yield piece


def check_password(password: str) -> None:
    """Refuse what can't be a password, before anything is done with it.

    Raises:
        BadPassword: over 1024 bytes, or with lone surrogates.
    """
    try:
        if len(password.encode()) > LONGEST_PASSWORD:
            raise BadPassword(LONGEST_PASSWORD)
    except UnicodeEncodeError:
        raise BadPassword(LONGEST_PASSWORD) from None


def clean_name(name: str | None, fallback: str = "file") -> str:
    """Make a name safe to show and to save under, on every system.

    NFC; no control, bidi, zero-width or unassigned characters; only what follows the last
    separator; no leading or trailing dots and spaces but one leading dot (`.env`);
    no Windows device names; at most 150 bytes, cut on a code point, with its ending kept.
    """
    text = unicodedata.normalize("NFC", name or "")
    text = re.split(r"[/\\]", text)[-1] or text.strip("/\\").replace("/", "_").replace("\\", "_")
    text = _visible("".join(c for c in text if c not in _FORBIDDEN))
    hidden = re.match(r"\.[^.\s]", text.strip()) is not None
    text = ("." if hidden else "") + text.strip(". ")
    if not text:
        return fallback
    if _DEVICES.match(text):
        text = f"_{text}"
    return _shorten(text)


def clean_label(label: str) -> str:
    """Make what somebody calls themselves safe to show: at most 60 visible characters, or none.

    Raises:
        BadLabel: more than that; cut, it could say something else.
    """
    text = _visible(" ".join(unicodedata.normalize("NFC", label).split())).strip()
    if len(text) > LONGEST_LABEL:
        raise BadLabel(LONGEST_LABEL)
    return text


def _visible(text: str) -> str:
    """Drop control, bidi, zero-width and unassigned characters; white space becomes one space."""
    kept = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    return re.sub(r"[\s\u2028\u2029]+", " ", kept)


def _shorten(name: str) -> str:
    if len(name.encode()) <= LONGEST_NAME:
        return name
    ending = PurePosixPath(name).suffix
    if len(ending.encode()) > 20:  # noqa: PLR2004 - longer than any real ending: part of the name
        ending = ""
    room = LONGEST_NAME - len(ending.encode())
    stem = name.removesuffix(ending).encode()[:room].decode(errors="ignore")
    return stem.rstrip(". ") + ending
