"""What the pages' scripts say, in the language that is spoken now."""

from __future__ import annotations

from core.language import _, ngettext

ATTEMPTS = 5  # of a password, as `core/scripts/record.lua` counts them
UNLOCKS = 3  # the same
_Words = dict[str, str | list[str]]


def words(page: str) -> _Words:
    """Gather the words of a page, by the names that its script has for them."""
    return {**_units(), **_OF_PAGES[page]()} if page in _OF_PAGES else {}


def _units() -> _Words:
    return {"h": _("{count} h"), "min": _("{count} min"), "s": _("{count} s")}


def _home() -> _Words:
    return {
        **_handing_in(),
        "too_much": _("Together these have {size}; the limit is {limit}."),
        "zip": _("Together they become one zip. It opens once, as a whole."),
        "zip_text": _("Text and files become one zip, the text as message.txt."),
        "remove": _("Remove {name}"),
        "folder": _("A folder can't be taken. Put it into an archive first."),
        "sent": _("{sent} of {total}, {speed} per second, {left} left"),
        "all_sent": _("All {total} are there. The last of it is being sealed…"),
        "broke": _("The connection broke. Nothing was kept; send it again."),
        "away": _("The server can't be reached. Try again."),
        "show": _("Show"),
        "hide": _("Hide"),
        "copy": _("Copy"),
        "copied": _("Copied"),
        "words": _(
            "Strong, and easy to say on the phone: even somebody with the link and a copy "
            "of our disks would need more than a lifetime to try them all."
        ),
        "characters": _(
            "Stronger than anybody needs, and best copied: even all the world's computers "
            "would not find it by trying."
        ),
    }


def _receipt() -> _Words:
    return {
        "attempts": [_tries(left) for left in range(ATTEMPTS + 1)],
        "unlocks": [unlocks(left) for left in range(UNLOCKS + 1)],
        "none": _("None"),
        "expires": _("{when}, in {left}"),
        "looked": _("Looked at {time}. This page looks again by itself."),
        "refused": _("The server could not do it. Try again."),
        "away": _("The server can't be reached. Try again."),
    }


def _tries(left: int) -> str:
    return ngettext("{count} attempt left.", "{count} attempts left.", left).format(count=left)


def unlocks(left: int) -> str:
    """Say how often a sender can still unlock it."""
    if left == 0:
        return _("It was unlocked three times, so it stays locked. Share it anew.")
    return ngettext(
        "You can unlock it {count} more time.",
        "You can unlock it {count} more times.",
        left,
    ).format(count=left)


def _invite() -> _Words:
    return {
        **_handing_in(),
        "drop": _("Drop it anywhere on this page."),
        "either": _("Hand over either the text or the file. For both, put them into one file."),
        "no_file": _("Choose a file."),
        "broke": _("The connection broke. Nothing was kept; hand it over again."),
        "several": _("This link takes one file. Put several into an archive first."),
    }


def _handing_in() -> _Words:
    return {
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


_OF_PAGES = {"home": _home, "invite": _invite, "receipt": _receipt, "reveal": _reveal}
