"""The operator's limits: how often, how many at once, and how much may lie here. 0: no limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.quantities import parse_size

if TYPE_CHECKING:
    from core.form import Form

MOST = 1_000_000  # of what is counted

# What each limit is called where its refusals are counted.
UPLOADS, OPENS, LOGINS = "uploads", "opens", "logins"
AT_ONCE, AT_ONCE_EACH, STORAGE = "uploads_at_once", "uploads_at_once_each", "storage"
LIMITS = (UPLOADS, OPENS, LOGINS, AT_ONCE, AT_ONCE_EACH, STORAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What each sender and each address may do; sizes in bytes.

    Uploads are counted for each sender: a person in a chat, or a network address on the web.
    """

    uploads_per_hour: int = 5
    opens_per_minute: int = 60
    logins_per_minute: int = 5
    uploads_at_once: int = 64  # in each process
    uploads_at_once_each: int = 5  # of one sender, in each process
    max_total_size: int = 0
    min_free_disk: int = 0

    @classmethod
    def read(cls, form: Form, *, spare: int) -> Allowance:
        """Read a form; `spare`: bytes that stay free where it does not say."""
        return cls(
            uploads_per_hour=form.get("UPLOADS_PER_HOUR", _count, 5),
            opens_per_minute=form.get("OPENS_PER_MINUTE", _count, 60),
            logins_per_minute=form.get("LOGINS_PER_MINUTE", _count, 5),
            uploads_at_once=form.get("MAX_CONCURRENT_UPLOADS", _count, 64),
            uploads_at_once_each=form.get("MAX_CONCURRENT_UPLOADS_PER_SENDER", _count, 5),
            max_total_size=form.get("MAX_TOTAL_SIZE", parse_size, 0),
            min_free_disk=form.get("MIN_FREE_DISK", parse_size, spare),
        )


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > MOST:
        raise ValueError(f"write a number up to {MOST}, or 0 for no limit")
    return int(text)
