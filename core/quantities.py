"""Sizes and durations as people write them: `100MB`, `5h`, `90 s`."""

from __future__ import annotations

import re
from datetime import timedelta

from core.errors import Malformed
from core.language import N_, _, ngettext

_SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_SIZES |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
# How sizes are shown. A library's tables of units take 5 MB, and 1 MB more for each language.
_SHOWN = (
    (N_("{whole} kB"), N_("{whole}.{tenth} kB")),
    (N_("{whole} MB"), N_("{whole}.{tenth} MB")),
    (N_("{whole} GB"), N_("{whole}.{tenth} GB")),
    (N_("{whole} TB"), N_("{whole}.{tenth} TB")),
)
_QUANTITY = re.compile(r"\s*([0-9]{1,15})\s*([a-z]*)\s*", re.IGNORECASE)


def _read(text: str, units: dict[str, int], what: str) -> int:
    match = _QUANTITY.fullmatch(text)
    if match is None or match[2].lower() not in units:
        raise Malformed(what)
    return int(match[1]) * units[match[2].lower()]


def parse_size(text: str) -> int:
    """Read a number of bytes: `2GB` is 2·10⁹, `2GiB` is 2³¹.

    Raises:
        Malformed: when it is not a whole number with a known unit.
    """
    return _read(text, _SIZES, "size")


def parse_duration(text: str) -> timedelta:
    """Read a duration: seconds, or a whole number with s, m, h, d or w.

    Raises:
        Malformed: when it is not a whole number with a known unit.
    """
    try:
        return timedelta(seconds=_read(text, _SECONDS, "duration"))
    except OverflowError:
        raise Malformed("duration") from None


def show_size(size: int) -> str:
    """Write bytes for people, in the language that is spoken: `0 bytes`, `2.1 MB`, `100 MB`."""
    if size < 1000:  # noqa: PLR2004 - the first decimal unit
        return ngettext("{count} byte", "{count} bytes", size).format(count=size)
    value, unit = size / 1000, 0
    while value >= 999.5 and unit + 1 < len(_SHOWN):  # noqa: PLR2004 - would round to the next unit
        value, unit = value / 1000, unit + 1
    whole, tenth = divmod(round(value * 10), 10)
    return _(_SHOWN[unit][bool(tenth)]).format(whole=whole, tenth=tenth)


def show_duration(duration: timedelta) -> str:
    """Write a duration in its two largest units: `5 h`, `4 h 58 min`, `7 days`."""
    seconds = max(0, round(duration.total_seconds()))
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        (days, ngettext("{count} day", "{count} days", days)),
        (hours, _("{count} h")),
        (minutes, _("{count} min")),
        (seconds, _("{count} s")),
    ]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    shown = [words.format(count=count) for count, words in parts[:2] if count]
    return " ".join(shown) or _("{count} s").format(count=0)


def milliseconds(span: timedelta) -> int:
    """Count a span in the unit of records and clocks."""
    return round(span.total_seconds() * 1000)
