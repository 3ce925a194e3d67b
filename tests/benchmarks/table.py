"""What a benchmark found, for the terminal and for a page, and what became of its targets."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeAlias

Cell: TypeAlias = str | int | float


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that was promised; `most` says that it is a ceiling."""

    what: str
    wanted: float
    found: float
    most: bool = False

    @property
    def reached(self) -> bool:
        return self.found <= self.wanted if self.most else self.found >= self.wanted

    def __str__(self) -> str:
        verdict = "reached" if self.reached else "missed"
        bound = "at most" if self.most else "at least"
        return f"target {verdict}: {self.what} {shown(self.found)} ({bound} {shown(self.wanted)})"


@dataclass(slots=True)
class Table:
    """Rows under headers; `note` says how they were measured, `remarks` follow them."""

    title: str
    note: str
    headers: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def plain(self) -> str:
        """Draw it for a terminal: figures to the right, texts to the left."""
        lines = [self.headers, *(tuple(map(shown, row)) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        drawn = ["  ".join(self._aligned(line, widths)).rstrip() for line in lines]
        return "\n".join([self.title, self.note, "", *drawn, *self._after()])

    def _aligned(self, line: tuple[str, ...], widths: list[int]) -> list[str]:
        cells = zip(line, widths, self._texts(), strict=True)
        return [cell.ljust(width) if text else cell.rjust(width) for cell, width, text in cells]

    def markdown(self) -> str:
        """Write it as a section of a page."""
        ruler = tuple("---" if text else "---:" for text in self._texts())
        lines = [self.headers, ruler, *(tuple(map(shown, row)) for row in self.rows)]
        drawn = [f"| {' | '.join(line)} |" for line in lines]
        after = [f"\n{line}" for line in self._after()]
        return "\n".join([f"### {self.title}", "", self.note, "", *drawn, *after, ""])

    def _texts(self) -> list[bool]:
        return [any(isinstance(row[n], str) for row in self.rows) for n in range(len(self.headers))]

    def _after(self) -> list[str]:
        return [*self.remarks, *map(str, self.targets)]


def shown(cell: Cell) -> str:
    """Write a figure with as many places as it deserves."""
    if isinstance(cell, str):
        return cell
    if math.isnan(cell):
        return "–"
    if isinstance(cell, int) or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"
