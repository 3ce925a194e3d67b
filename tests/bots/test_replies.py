"""Every refusal has a sentence of its own that says what to do."""

from __future__ import annotations

import datetime as dt
import inspect
import re

import pytest

from bots import replies
from bots.refusals import REFUSALS, refusal
from bots.share import Shared
from core import errors
from core.link import SecretId

DO = re.compile(
    r"\b(again|send|check|choose|ask|tell|allowed|give|unlock)\b", re.IGNORECASE
)  # each sentence asks for one of these
GIVEN = {
    "what": "the text",
    "limit": 100_000_000,
    "extension": "exe",
    "allowed": ("pdf", "txt"),
    "shortest": dt.timedelta(minutes=1),
    "longest": dt.timedelta(days=7),
    "attempts_left": 3,
    "retry_after": 5,
    "state": "opened",
    "size": 4711,
    "most": 20,
    "claim": "the claim",
    "reason": "the reason",
    "again_at": dt.datetime(2030, 1, 2, 3, 4, 1, tzinfo=dt.UTC),
}
CLASSES = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind) and issubclass(kind, errors.OneTimeShareError)
]


def made(kind: type[errors.OneTimeShareError]) -> errors.OneTimeShareError:
    names = [name for name in inspect.signature(kind.__init__).parameters if name in GIVEN]
    given = {name: GIVEN[name] for name in names}
    if kind is errors.Closed:
        given = {"state": "used"}
    if kind is errors.BadPassword:
        given = {"longest": 1024}
    return kind(**given)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_refusal_says_what_to_do(kind: type[errors.OneTimeShareError]) -> None:
    """No class of error leaves a person without a next step, or with a bare value."""
    sentence = refusal(made(kind))
    assert DO.search(sentence)
    assert not re.search(r"[<{}>]|None|timedelta", sentence)
    assert kind is errors.OneTimeShareError or kind in REFUSALS


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (errors.TooLarge(20_000_000), "20 MB"),
        (errors.ForbiddenExtension("exe", ("pdf", "txt")), ".exe are not taken. Allowed: pdf, txt"),
        (errors.ForbiddenExtension("", ("pdf",)), "without an ending"),
        (errors.BadLifetime(GIVEN["shortest"], GIVEN["longest"]), "1 min to 7 days"),  # type: ignore[arg-type]
        (errors.BadPassword(1024), "1024"),
        (errors.Busy(7), "7 s"),
        (errors.WrongPassword(2), "2"),
        (
            errors.RateLimited("uploads", 5, again_at=GIVEN["again_at"], retry_after=1380),  # type: ignore[arg-type]
            "Nothing was kept: please send it again at 03:05 UTC, in 23 min.",
        ),
        (errors.TooManyAtOnce(3, 10), "at most 3 from one sender at a time"),
    ],
)
def test_refusal_tells_the_figures(error: errors.OneTimeShareError, shown: str) -> None:
    """The sentence holds what the error carries."""
    assert shown in refusal(error)


def test_new_kind_of_error_speaks_with_the_nearest_sentence() -> None:
    """A class below one that has a sentence needs none of its own."""

    class Larger(errors.TooLarge):
        pass

    assert refusal(Larger(5)) == refusal(errors.TooLarge(5))


def test_link_is_told_with_what_matters() -> None:
    """The sentence with the link names the end of its life, its password, and what it replaces."""
    shared = Shared(
        id=SecretId(bytes(16)),
        url="https://x/s/id#key",
        expires_at=dt.datetime(2030, 1, 2, 3, 4, tzinfo=dt.UTC),
        size=1,
        protected=True,
        replaced=True,
    )
    told = replies.sealed(shared, replies.YOUR_FILE)
    assert "https://x/s/id#key" in told.splitlines()
    assert "2030-01-02 03:04 UTC" in told
    assert "password" in told
    assert "replaces" in told
