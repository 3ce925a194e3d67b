"""Links, names, sizes and durations: what is read, what is written, what is refused."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadPassword, ForbiddenExtension, Malformed
from core.link import Key, Link, SecretId
from core.policy import LONGEST_NAME, Policy, check_password, clean_name
from core.quantities import parse_duration, parse_size, show_duration, show_size


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_link_comes_back_whole(name: bytes, key: bytes) -> None:
    """A link that was written is read as the same id and key, from any server's address."""
    link = Link(SecretId(name), Key(key))
    for server in ("https://example.org", "http://localhost:8080/", "https://example.org/under"):
        assert Link.parse(f"  {link.url(server)}\n") == link


@given(st.integers(0, 60))
def test_cut_link_is_refused_without_its_text(cut: int) -> None:
    """A link that lost its end is refused, and the refusal does not repeat it."""
    url = Link(SecretId(bytes(16)), Key(b"k" * 32)).url("https://example.org")
    with pytest.raises(Malformed) as refused:
        Link.parse(url[: -cut - 1])
    assert "a2tr" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["A" * 42 + "B", "A" * 42 + "=", "A" * 44, "ü" * 43, "A" * 42 + "+"]
)
def test_only_the_one_spelling_of_a_key_is_read(text: str) -> None:
    """Other base64 alphabets, padding and stray bits are refused."""
    with pytest.raises(Malformed):
        Key.parse(text)


@given(st.text(max_size=400))
def test_cleaned_name_is_safe_on_every_system(name: str) -> None:
    """Whatever was sent, the name is short, visible, one level, and stable."""
    clean = clean_name(name)
    assert 0 < len(clean.encode()) <= LONGEST_NAME
    assert not set(clean) & set('<>:"/\\|?*')
    assert all(unicodedata.category(c)[0] != "C" for c in clean)
    assert clean not in {".", ".."}
    assert clean == clean.rstrip(". ")
    assert clean_name(clean) == clean


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("a.pdf", True),
        ("a.PDF", True),
        ("a.exe", False),
        ("a", False),
        (".env", True),
        ("a.pdf.exe", False),
    ],
)
def test_endings_are_checked_as_they_will_be_saved(name: str, allowed: bool) -> None:
    """The list counts the last ending, whatever its case; a dot file is all ending."""
    policy = Policy(10, timedelta(hours=1), timedelta(days=1), ("env", "pdf"))
    if allowed:
        policy.check_name(name)
    else:
        with pytest.raises(ForbiddenExtension):
            policy.check_name(name)


@pytest.mark.parametrize("password", ["x" * 1025, "\ud800"])
def test_impossible_password_is_refused(password: str) -> None:
    """Too long, or not text at all."""
    with pytest.raises(BadPassword):
        check_password(password)


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("100MB", 10**8), ("2 GB", 2 * 10**9), ("1KiB", 1024), ("7b", 7)]
)
def test_sizes_are_read(text: str, size: int) -> None:
    """Decimal and binary units, with or without a space, in any case."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1.5MB", "MB", "1 XB", "٣MB", "9" * 30])
def test_unreadable_sizes_are_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(Malformed):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("5m", 300), ("5h", 18000), ("7d", 604800)]
)
def test_durations_are_read(text: str, seconds: int) -> None:
    """Seconds, or a number with a unit."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["soon", "-5m", "5 years", "999999999999999d"])
def test_unreadable_durations_are_refused(text: str) -> None:
    """Nothing is guessed, nothing overflows."""
    with pytest.raises(Malformed):
        parse_duration(text)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (2_100_000, "2.1 MB"),
        (999_999, "1 MB"),
    ],
)
def test_sizes_are_shown(size: int, shown: str) -> None:
    """Two digits are enough for people."""
    assert show_size(size) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (300, "5 min"),
        (17_880, "4 h 58 min"),
        (86_400, "1 day"),
        (604_800, "7 days"),
    ],
)
def test_durations_are_shown(seconds: int, shown: str) -> None:
    """In the two largest units."""
    assert show_duration(timedelta(seconds=seconds)) == shown
