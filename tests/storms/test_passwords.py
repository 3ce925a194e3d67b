"""Wrong passwords by the hundred over two web processes: five are evaluated, and no more."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from tests.page import until_told
from tests.storms.conftest import SOAK, at_once, winners

if TYPE_CHECKING:
    from tests.storms.conftest import Storm

PASSWORD, WRONG = "four words of mine", "not this one"
GUESSES = 500
ROUNDS = 20 if SOAK else 3


async def test_five_of_five_hundred_wrong_passwords_are_evaluated(storm: Storm) -> None:
    """Two processes together evaluate five; the others wait or find it locked, till an unlock."""
    shared = await storm.share("kept", password=PASSWORD)
    pages = storm.pages(shared, GUESSES)
    told = await at_once(page.open(password=WRONG) for page in pages)
    count = Counter(answer.problem for answer in told)
    assert count["wrong-password"] == 5, count
    assert set(count) <= {"wrong-password", "locked", "busy"}, count
    record = await storm.record(shared)
    assert record[b"tries"] == b"5"
    assert [name for name in record if name.startswith(b"attempt:")] == []

    [late] = storm.pages(shared, 1)
    assert (await late.download(password=PASSWORD)).problem == "locked"
    assert (await shared.unlock()).status == 204
    assert (await late.download(password=PASSWORD)).status == 200
    assert late.received == b"kept"


async def test_right_password_among_wrong_ones_wins_or_finds_it_locked(storm: Storm) -> None:
    """Guessing can't open it and can't take it: the recipient gets it, after an unlock at worst."""
    for number in range(ROUNDS):
        shared = await storm.share("kept", password=PASSWORD)
        *others, mine = storm.pages(shared, 100)
        position = number * len(others) // ROUNDS
        calls = [until_told(partial(page.download, password=WRONG)) for page in others]
        calls.insert(position, until_told(partial(mine.download, password=PASSWORD)))
        told = await at_once(calls)
        answer, count = told.pop(position), Counter(answer.problem for answer in told)
        assert count["wrong-password"] <= 5, (number, count)
        assert set(count) <= {"wrong-password", "locked", "taken", "gone"}, (number, count)
        if answer.status != 200:
            assert answer.problem == "locked", (number, answer)
            assert (await shared.unlock()).status == 204
            assert (await mine.download(password=PASSWORD)).status == 200
        assert winners([*others, mine]) == [b"kept"], number
        assert mine.received == b"kept", number
