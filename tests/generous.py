"""Limits that no test meets by the way: they are counted, and nobody is refused."""

from __future__ import annotations

GENEROUS = {
    "UPLOADS_PER_HOUR": "1000000",
    "OPENS_PER_MINUTE": "1000000",
    "LOGINS_PER_MINUTE": "1000000",
    "MAX_CONCURRENT_UPLOADS": "10000",
    "MAX_CONCURRENT_UPLOADS_PER_SENDER": "10000",
}
