"""Who did what as the operator, and when: a Redis stream, written at least once each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from core.clock import now_ms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.clock import Clock
    from core.scripts import Scripts

STREAM = "ots:audit"
REMEMBERED = 90 * 24 * 60 * 60 * 1000  # ms
MOST = 100_000  # entries, about
AT_ONCE = 500


class Act(StrEnum):
    """What was done, or tried."""

    LOGIN = "login"
    LOGIN_REFUSED = "login refused"
    LOGOUT = "logout"
    TOKEN = "token"  # noqa: S105 - one was issued
    TOKEN_REFUSED = "token refused"  # noqa: S105 - one was not
    BURN = "burn"
    BURN_REFUSED = "burn refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """One act; `who` is the admin, or nobody; `about` is a secret's id, or a reason."""

    at: datetime
    act: str
    who: str
    about: str


class Audit:
    """The log of acts."""

    def __init__(self, scripts: Scripts, clock: Clock = now_ms) -> None:
        self._run = scripts
        self._clock = clock

    async def note(self, act: Act, who: str = "", about: str = "") -> None:
        """Write an act down, and drop what is older than 90 days.

        Raises:
            Unavailable: Redis does not answer; what is to be noted must not be done then.
        """
        now = self._clock()
        fields = ("at", now, "act", act, "who", who, "about", about)
        await self._run.together(
            ("spare", STREAM, "XADD", "MAXLEN", "~", MOST, "*", *fields),
            ("XTRIM", STREAM, "MINID", now - REMEMBERED),
        )

    async def entries(self) -> AsyncIterator[Entry]:
        """Read all of it, the oldest first.

        Raises:
            Unavailable: Redis does not answer.
        """
        last = "0"
        while True:
            asked = ("XRANGE", STREAM, f"({last}", "+", "COUNT", AT_ONCE)
            [found] = await self._run.together(asked)
            for _, fields in found:
                told = _told(fields)
                at = datetime.fromtimestamp(int(told["at"]) / 1000, UTC)
                yield Entry(at, told["act"], told["who"], told["about"])
            if len(found) < AT_ONCE:
                return
            last = found[-1][0].decode()


def _told(fields: dict[bytes, bytes] | list[bytes]) -> dict[str, str]:
    """Read an entry, in pairs as Redis answers, or named as redis-py's cluster makes of that."""
    if isinstance(fields, list):
        fields = dict(zip(fields[::2], fields[1::2], strict=True))
    return {name.decode(): value.decode() for name, value in fields.items()}
