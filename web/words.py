"""What the pages' scripts say, in the language that is spoken now."""

from __future__ import annotations

from core.language import _, ngettext

ATTEMPTS = 5  # of a password, as `core/scripts/record.lua` counts them
_Words = dict[str, str | list[str]]


def words(page: str) -> _Words:
    """Gather the words of a page, by the names that its script has for them."""
    return {**_units(), **_OF_PAGES[page]()} if page in _OF_PAGES else {}


def _units() -> _Words:
    return {"h": _("{count} h"), "min": _("{count} min"), "s": _("{count} s")}


def _home() -> _Words:
    return {
        **_handing_in(),
        "either": _("Share either the text or the file. For both, make two links."),
        "broke": _("The connection broke. Nothing was kept; send it again."),
        "away": _("The server can't be reached. Try again."),
        "several": _("One file makes one link. Put several into an archive first."),
    }


def _invite() -> _Words:
    return {
        **_handing_in(),
        "either": _("Hand over either the text or the file. For both, put them into one file."),
        "no_file": _("Choose a file."),
        "broke": _("The connection broke. Nothing was kept; hand it over again."),
        "several": _("This link takes one file. Put several into an archive first."),
    }


def _handing_in() -> _Words:
    return {
        "drop": _("Drop it anywhere on this page."),
        "too_large": _("This file has {size}; the limit is {limit}."),
        "nothing": _("Write a text or choose a file."),
        "refused": _("The server could not take it. Try again."),
    }


def _reveal() -> _Words:
    return {
        "attempts": [_attempts(left) for left in range(ATTEMPTS + 1)],
        "the_text": _("the text"),
        "show": _("Show"),
        "hide": _("Hide"),
    }


def _attempts(left: int) -> str:
    return ngettext(
        "{count} attempt left, then it is locked.",
        "{count} attempts left, then it is locked.",
        left,
    ).format(count=left)


_OF_PAGES = {"home": _home, "invite": _invite, "reveal": _reveal}
