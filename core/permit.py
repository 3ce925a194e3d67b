"""Leave to do something once: counted in the very step of Redis that does it, or by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.redis_pipe import Call


class Permit:
    """Leave for one of what is limited. It counts when it is used, and once."""

    def __init__(
        self, ask: Callable[[], Call] | None, refuse: Callable[[], Awaitable[None]]
    ) -> None:
        """Take what gives the call that counts, where there is a limit, and what then refuses."""
        self._unused = ask
        self._refuse = refuse

    def use(self) -> Call | None:
        """Give the call to whoever runs it before what is permitted; None: it need not be asked.

        It answers no where there were too many: then `refuse`.
        """
        ask, self._unused = self._unused, None
        return None if ask is None else ask()

    async def refuse(self) -> None:
        """Say that there were too many.

        Raises:
            RateLimited: with the moment from which on one more is let in.
        """
        await self._refuse()
