"""The operator's limits: how often, how many at once, and how much may lie here. 0: no limit."""

from __future__ import annotations

from dataclasses import dataclass

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
