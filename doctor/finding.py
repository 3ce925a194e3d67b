"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How it stands: as it should; could be better; something does not work or is not safe."""

    GOOD = "ok"
    DOUBTFUL = "warning"
    BAD = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about something, and what to do: never a token, a key or a password."""

    grade: Grade
    about: str
    told: str

    def __str__(self) -> str:
        return f"{self.grade:<8} {self.about}: {self.told}"


def good(about: str, told: str) -> Finding:
    return Finding(Grade.GOOD, about, told)


def doubtful(about: str, told: str) -> Finding:
    return Finding(Grade.DOUBTFUL, about, told)


def bad(about: str, told: str) -> Finding:
    return Finding(Grade.BAD, about, told)
