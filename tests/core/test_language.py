"""Languages: whose wish is met by which, and that every catalog says all that is said."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from core.language import ENGLISH, LANGUAGES, language_of, ngettext, preferred, speaking
from core.quantities import show_size

if TYPE_CHECKING:
    from babel.messages import Message

ROOT = Path(__file__).parents[2]
TRANSLATED = sorted(set(LANGUAGES) - {ENGLISH})
# What a translation must hold as often as the sentence does: values, and the page's elements.
FIXED = re.compile(r"\{\w*\}|%\(\w+\)s|<[^>]+>|https?://\S+|/[a-z_]{4,}\b")


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("de", "de"),
        ("pt-br", "pt_BR"),
        ("pt-PT", "pt_BR"),
        ("zh-hans", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("es-419", "es"),
        ("en-GB", "en"),
        ("nl", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_platforms_tags_name_a_language(wish: str | None, language: str) -> None:
    """Whatever tag Telegram or Discord sends: ours if it is the same language, else English."""
    assert language_of(wish) == language


@pytest.mark.parametrize(
    ("language", "shown"),
    [("de", "2,1 MB"), ("fr", "2,1\N{NARROW NO-BREAK SPACE}Mo"), ("ja", "2.1 MB")],
)
def test_sizes_are_written_as_the_language_does(language: str, shown: str) -> None:
    """Unit and decimal mark are the language's own."""
    with speaking(language):
        assert show_size(2_100_000) == shown


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-CH, fr;q=0.9", "de"),
        ("nl, fr;q=0.5, ja;q=0.8", "ja"),
        ("ru;q=0", "en"),
        ("ru;q=x, *", "en"),
        ("", "en"),
    ],
)
def test_browsers_wishes_are_weighed(header: str, language: str) -> None:
    """The language with the greatest weight that we speak is taken (RFC 9110)."""
    assert preferred(header) == language


@given(st.text())
def test_no_header_is_too_strange(header: str) -> None:
    """Whatever a browser sends, some language is spoken."""
    assert preferred(header) in LANGUAGES


def test_numbers_take_their_own_words() -> None:
    """Russian has three forms, Japanese one."""
    words = [ngettext("{count} day", "{count} days", n).format(count=n) for n in (1, 2)]
    assert words == ["1 day", "2 days"]
    with speaking("ru"):
        russian = [ngettext("{count} day", "{count} days", n).format(count=n) for n in (1, 2, 5)]
    assert russian == ["1 день", "2 дня", "5 дней"]
    with speaking("ja"):
        assert ngettext("{count} day", "{count} days", 5).format(count=5) == "5 日"


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Find every sentence in the code and on the pages, as `make messages` does."""
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    found = set()
    for part in ("bots", "client", "core", "web"):
        options = {"**/templates/**.html": {"trimmed": "true"}}
        for _, _, message, _, _ in extract_from_dir(str(ROOT / part), methods, options):
            found.add(message if isinstance(message, str) else message[0])
    return found


def texts(message: Message) -> list[tuple[str, str]]:
    """Pair each of a message's sentences with its translation."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return [(message.id[-1], form) for form in message.string or ()]


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalog_is_complete_and_true_to_the_code(language: str, said: set[str]) -> None:
    """Each sentence is there, translated, with the same values and elements; and none too many."""
    path = ROOT / "core" / "locales" / language / "LC_MESSAGES" / "onetimeshare.po"
    with path.open("rb") as text:
        catalog = read_po(text, locale=language)
    messages = [message for message in catalog if message.id]
    ids = {message.id if isinstance(message.id, str) else message.id[0] for message in messages}
    assert ids == said
    assert not [message.id for message in messages if message.fuzzy]
    for message in messages:
        for sentence, translation in texts(message):
            assert translation.strip(), sentence
            assert _fixed(translation) == _fixed(sentence), (sentence, translation)
            assert not list(message.check(catalog)), sentence


def _fixed(text: str) -> Counter[str]:
    return Counter(FIXED.findall(text))
