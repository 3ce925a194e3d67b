"""Named texts, read as what they should be: everything that is wrong is told at once."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from core.errors import CannotStart, Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")

ALIKE = 0.85  # of two names, from 0 to 1
# What to write, where whoever reads a text does not say so.
_HINTS = {
    "parse_size": "write a size such as 100MB or 2GB",
    "parse_duration": "write a duration such as 30m, 5h or 7d",
}


class Form:
    """Reads setting after setting and collects what is wrong, to tell all of it at once."""

    def __init__(self, given: Mapping[str, str | None]) -> None:
        self._given = given
        self._known: list[str] = []
        self.wrong: list[str] = []

    def get(self, name: str, parse: Callable[[str], T], default: T) -> T:
        self._known.append(name)
        text = (self._given.get(name) or "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except (ValueError, Malformed) as error:
            hint = str(error) if type(error) is ValueError else _HINTS.get(parse.__name__, "")
            self.wrong.append(f"{name}: {hint or 'can not be read'}")
            return default

    def doubt(self, written: Iterable[str]) -> None:
        """Take names that are nearly a setting's for wrong."""
        self.wrong += self.slips(written)

    def slips(self, names: Iterable[str]) -> list[str]:
        """Find names that are nearly a setting's."""
        return [
            f"{name}: there is no such setting; is it {meant}?"
            for name in sorted(set(names) - set(self._known))
            for meant in get_close_matches(name.upper(), self._known, n=1, cutoff=ALIKE)
        ]

    def finish(self) -> None:
        if self.wrong:
            raise CannotStart("These settings can not be used:\n" + "\n".join(self.wrong))
