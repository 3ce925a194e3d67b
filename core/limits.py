"""How often each may do what, counted by all processes together in Redis, in moving windows.

The counting is that of the library `limits`; its scripts travel as our own do (`core.scripts`), and
a permit's together with what it permits. Redis learns no name and no address: the keys are keyed
hashes. Where it does not answer, nothing is let in.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from core.allowance import LOGINS, OPENS, UPLOADS
from core.clock import now_ms
from core.errors import RateLimited
from core.link import encode
from core.permit import Permit

if TYPE_CHECKING:
    from collections.abc import Callable

    from limits import RateLimitItem

    from core.allowance import Allowance
    from core.clock import Clock
    from core.keys import ServerKey
    from core.redis_pipe import Call
    from core.scripts import Scripts

# Neither its log nor its replicas learn a count: it costs no fsync, and a Redis that restarts or
# is replaced begins anew.
FOR_THE_MOMENT = "redis.set_repl(redis.REPL_NONE)"
MOST_KNOWN = 10_000  # keys known to be full, in each process


class Windows(RedisStorage):
    """The library's storage, whose two scripts on moving windows travel as our own do.

    What counts and is done again since its reply was lost counts twice.
    """

    STORAGE_SCHEME = []  # noqa: RUF012 - not for its registry of addresses

    def __init__(self, scripts: Scripts, clock: Clock = now_ms) -> None:
        # It makes a client of its own, which nothing here asks, so that it never connects.
        super().__init__("async+redis://", implementation="redispy", key_prefix="ots:limit")
        self._run = scripts
        self._clock = clock
        acquire = self.bridge.SCRIPT_ACQUIRE_MOVING_WINDOW.decode()
        scripts.add("acquire window", f"{FOR_THE_MOMENT}\n{acquire}")
        scripts.add("see window", self.bridge.SCRIPT_MOVING_WINDOW.decode())

    def asking(self, limit: RateLimitItem, mark: str) -> Call:
        """Give the call that counts one now, and answers no where there would be too many."""
        name, now = self.bridge.prefixed_key(limit.key_for(mark)), self._clock() / 1000
        return ("acquire window", name, str(now), limit.amount, limit.get_expiry(), 1)

    async def run(self, call: Call) -> bool:
        """Have it run by itself; True where it was counted."""
        [counted] = await self._run.together(call)
        return counted is not None

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Answer when (s) the oldest of those within the window was counted, and how many are."""
        name = self.bridge.prefixed_key(key)
        now = self._clock() / 1000
        found = await self._run("see window", name, str(now - expiry), limit)
        return (float(found[0]), int(found[1])) if found else (now, 0)


class Limits:
    """Counts, and refuses what is too often. `who` is any text that names whoever asks."""

    def __init__(
        self,
        windows: Windows,
        server_key: ServerKey,
        allowance: Allowance,
        *,
        clock: Clock = now_ms,
        refused: Callable[[str], None] = lambda _limit: None,
    ) -> None:
        """Take where it counts, and `refused`, which is told of every refusal, by which limit."""
        self.refused = refused
        self._windows = windows
        self._limiter = MovingWindowRateLimiter(windows)
        self._key = server_key.owner("limits", "")
        self._clock = clock
        self._full: dict[str, int] = {}  # who is known to have to wait, and until when (ms)
        limits: dict[str, RateLimitItem] = {
            UPLOADS: RateLimitItemPerHour(allowance.uploads_per_hour, namespace=UPLOADS),
            OPENS: RateLimitItemPerMinute(allowance.opens_per_minute, namespace=OPENS),
            LOGINS: RateLimitItemPerMinute(allowance.logins_per_minute, namespace=LOGINS),
        }
        self._limits = {what: limit for what, limit in limits.items() if limit.amount}

    async def count(self, what: str, who: str) -> None:
        """Count one of `UPLOADS`, `OPENS`, `LOGINS`, in one round trip.

        Raises:
            RateLimited: there were too many; this one does not count.
            Unavailable: Redis does not answer.
        """
        await self.use(self.permit(what, who))

    async def use(self, permit: Permit) -> None:
        """Count a permit by itself, unless it was used.

        Raises:
            As `count` does.
        """
        call = permit.use()
        if call is not None and not await self._windows.run(call):
            await permit.refuse()

    def permit(self, what: str, who: str) -> Permit:
        """Give leave for one of `UPLOADS`, `OPENS`, `LOGINS`, which counts when it is used.

        Raises:
            RateLimited: whoever asks is known to be over the limit still.
        """
        limit, mark = self._limits.get(what), self._mark(what, who)
        self._recall(what, mark)
        ask = None if limit is None else partial(self._windows.asking, limit, mark)
        return Permit(ask, partial(self._refuse, what, mark))

    def recall(self, what: str, who: str) -> None:
        """Refuse whoever is known to be over the limit still: a flood costs Redis nothing.

        Raises:
            RateLimited: they are.
        """
        if self._full:
            self._recall(what, self._mark(what, who))

    async def _refuse(self, what: str, mark: str) -> None:
        await self._remember(self._limits[what], mark)
        self._recall(what, mark)

    def _recall(self, what: str, mark: str) -> None:
        again, now = self._full.get(mark, 0), self._clock()
        if again > now:
            self.refused(what)
            raise RateLimited(
                what,
                self._limits[what].amount,
                retry_after=math.ceil((again - now) / 1000),
                again_at=datetime.fromtimestamp(again / 1000, UTC),
            )

    async def _remember(self, limit: RateLimitItem, mark: str) -> None:
        """Note from which moment (ms) on one more is let in."""
        window = await self._limiter.get_window_stats(limit, mark)
        now = self._clock()
        if len(self._full) >= MOST_KNOWN:
            self._full = {known: again for known, again in self._full.items() if again > now}
        if len(self._full) >= MOST_KNOWN:
            self._full.clear()
        # Some left just now? The next try finds that out.
        again = 0 if window.remaining else math.floor(window.reset_time * 1000) + 1
        self._full[mark] = max(again, now + 1000)

    def _mark(self, what: str, who: str) -> str:
        # HMAC through OpenSSL takes five times as long, and this is in every request.
        return encode(blake2b(f"{what}\0{who}".encode(), key=self._key, digest_size=16).digest())
