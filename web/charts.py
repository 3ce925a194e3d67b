"""Bars as SVG paths: they need no script to be drawn, and no style of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.language import N_, gettext
from core.quantities import show_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from web.report import Slot

SLOT, BAR, HEIGHT = 12, 5, 48  # units of the picture: two bars and a gap


@dataclass(frozen=True, slots=True)
class Series:
    """What one colour of bars counts: one figure, or some together."""

    label: str
    figures: tuple[str, ...]

    def of(self, slots: list[Slot]) -> list[int]:
        return [sum(slot[name] for name in self.figures) for slot in slots]


@dataclass(frozen=True, slots=True)
class Kind:
    """A chart of two series side by side; `show` writes a value for people."""

    title: str
    left: Series
    right: Series
    show: Callable[[int], str] = str


KINDS = (
    Kind(
        N_("Sealed and opened"),
        Series(N_("sealed"), ("sealed",)),
        Series(N_("opened"), ("opened", "unconfirmed")),
    ),
    Kind(
        N_("Nobody got it"),
        Series(N_("expired"), ("expired",)),
        Series(N_("revoked"), ("revoked",)),
    ),
    Kind(
        N_("Trouble"),
        Series(N_("interrupted, locked or lost"), ("interrupted", "locked", "lost")),
        Series(N_("wrong passwords and limits hit"), ("wrong_passwords", "limit_hits")),
    ),
    Kind(
        N_("Bytes"), Series(N_("in"), ("bytes_in",)), Series(N_("out"), ("bytes_out",)), show_size
    ),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: paths in a picture of `width` by `height` units, and what they add up to.

    `summary` says the same to whoever does not see it.
    """

    kind: Kind
    width: int
    left_path: str
    right_path: str
    left_total: str
    right_total: str
    top: str
    summary: str
    height: int = HEIGHT


def charts(slots: list[Slot]) -> list[Chart]:
    """Draw all charts of some hours or days."""
    return [_draw(kind, slots) for kind in KINDS]


def _draw(kind: Kind, slots: list[Slot]) -> Chart:
    left, right = kind.left.of(slots), kind.right.of(slots)
    top = max(1, *left, *right)
    left_total, right_total = kind.show(sum(left)), kind.show(sum(right))
    summary = gettext(
        "{title}. {left}: {left_total}. {right}: {right_total}. At most {top} at a time."
    )
    return Chart(
        kind,
        SLOT * len(slots),
        _bars(left, top, 0),
        _bars(right, top, BAR),
        left_total,
        right_total,
        kind.show(top),
        summary.format(
            title=gettext(kind.title),
            left=gettext(kind.left.label),
            right=gettext(kind.right.label),
            left_total=left_total,
            right_total=right_total,
            top=kind.show(top),
        ),
    )


def _bars(values: list[int], top: int, offset: int) -> str:
    """Draw a bar for each value, the highest `top`; whatever is not nothing can be seen."""
    bars = []
    for place, value in enumerate(values):
        high = max(1, round(value / top * HEIGHT)) if value else 0
        bars.append(f"M{place * SLOT + offset} {HEIGHT}v-{high}h{BAR}v{high}z")
    return "".join(bars)
