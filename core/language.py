"""The language in which people are spoken to: one for each task, with its catalog of sentences.

Sentences stand in English where they are said. `_` and `ngettext` translate one now; `N_` marks a
constant, which is translated where it is used. The catalogs are gettext's own text files
(`locales/<language>/LC_MESSAGES/onetimeshare.po`), read as they are, so nothing need be compiled.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ENGLISH = "en"
LANGUAGES = {
    ENGLISH: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "pt_BR": "Português (Brasil)",
    "ru": "Русский",
    "hi": "हिन्दी",
    "ja": "日本語",
    "zh_Hans": "简体中文",
    "ar": "العربية",
}
RIGHT_TO_LEFT = {"ar"}
_BY_PRIMARY = {language.partition("_")[0]: language for language in LANGUAGES}
_MOST_TAGS = 20  # of an Accept-Language; more is nobody's wish

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


def speak(language: str) -> None:
    """Speak one of `LANGUAGES` from here on, in this task."""
    _spoken.set(language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak one of `LANGUAGES` in the block, and in the tasks that are started there."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> str:
    """Tell the language that is spoken now."""
    return _spoken.get()


def tag(language: str) -> str:
    """Write a language as a tag of BCP 47, as HTML and HTTP want it."""
    return language.replace("_", "-")


def language_of(wish: str | None) -> str:
    """Find the language for a platform's tag (`pt-br`, `zh-CN`); English for any other."""
    primary = (wish or "").replace("_", "-").lower().partition("-")[0]
    return _BY_PRIMARY.get(primary, ENGLISH)


def preferred(accept: str) -> str:
    """Find the language for an `Accept-Language` (RFC 9110, 12.5.4); English for any other."""
    wishes = [_wish(part) for part in accept.split(",", _MOST_TAGS)[:_MOST_TAGS]]
    known = [(quality, primary) for quality, primary in wishes if primary in _BY_PRIMARY]
    best = max(known, key=lambda wish: wish[0], default=(0.0, ENGLISH))
    return _BY_PRIMARY[best[1]] if best[0] else ENGLISH


def _wish(part: str) -> tuple[float, str]:
    name, _, weight = part.partition(";")
    try:
        quality = float(weight.strip().removeprefix("q=") or 1)
    except ValueError:
        quality = 0.0
    return quality, name.strip().lower().partition("-")[0]


@cache
def catalog(language: str) -> NullTranslations:
    """Read a language's sentences; English ones stand in the code."""
    if language == ENGLISH:
        return NullTranslations()
    # Only here: who speaks English alone does without its memory and start.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    path = files("core") / "locales" / language / "LC_MESSAGES" / "onetimeshare.po"
    compiled = BytesIO()
    with path.open("rb") as text:
        write_mo(compiled, read_po(text, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def gettext(sentence: str) -> str:
    """Translate a sentence into the language that is spoken now."""
    return catalog(_spoken.get()).gettext(sentence)


def ngettext(one: str, many: str, count: int) -> str:
    """Translate the sentence that is right for this number."""
    return catalog(_spoken.get()).ngettext(one, many, count)


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name, which extractors know
    """Mark a sentence that is translated where it is used."""
    return sentence


_ = gettext
