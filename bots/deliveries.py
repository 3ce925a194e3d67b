"""The loop that puts what was handed in into the chat of whoever asked: at least once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from bots.notices import Unreachable
from bots.reading import Reading
from core.errors import Corrupt, NotFound, Unavailable
from core.language import language_of, speaking

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from bots.share import Share
    from core.handed import Handover
    from core.invitation import InvitationId, Purpose
    from core.secret import Kind, SenderRef, Status

    Tell = Callable[["Arrival"], Awaitable[SenderRef | None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was handed in; the address opens once and is for whoever asked, where `ref` says.

    `status` is how it stands: it may have ended while its door was closed.
    """

    invitation: InvitationId
    url: str = field(repr=False)
    kind: Kind
    size: int
    status: Status
    owner: bytes = field(repr=False)
    label: str = field(repr=False)
    purpose: Purpose
    ref: SenderRef


class Deliveries:
    """Tells those who asked through one door what was handed in: at least once, by any replica."""

    def __init__(self, share: Share, door: str, tell: Tell) -> None:
        """Take the door's own way to tell; it answers where the link stands now, if it knows.

        It may fail: then the link is told again later, here or by another replica. With
        `Unreachable` it is not, and waits for a `fetch` until its day is over.
        """
        self._share = share
        self._door = door
        self._tell = tell
        self._reading = Reading(share.handed, door, self.handle)

    def telling(self) -> AbstractAsyncContextManager[None]:
        """Tell whatever comes while the block runs; what is being told then is told to the end."""
        return self._reading.under_way()

    async def handle(self, entry: str, name: InvitationId) -> None:
        """Tell one; what fails is left to be told again."""
        try:
            try:
                handover = await self._share.handed.look(name)
                if handover is not None:
                    await self._deliver(handover)
                await self._share.handed.delivered(name, self._door, entry)
            except Unreachable:
                log.info("delivery waits for a press", door=self._door)
                await self._share.handed.drop(self._door, entry)
            except (Corrupt, NotFound) as error:
                log.info("delivery dropped", door=self._door, error=type(error).__name__)
                await self._share.handed.drop(self._door, entry)
        except Exception as error:  # noqa: BLE001 - one that can't be told now holds up no other
            log.warning("delivery failed", door=self._door, error=type(error).__name__)

    async def _deliver(self, handover: Handover) -> None:
        arrival = await arrive(self._share, handover)
        with speaking(language_of(arrival.ref.language)):
            told = await self._tell(arrival)
        if told is not None:
            with suppress(Unavailable):  # a courtesy: else the sender gets a message of its own
                await _refer(self._share, handover, told)


async def arrive(share: Share, handover: Handover) -> Arrival:
    """Make an arrival of what waits.

    Raises:
        NotFound: it ended so long ago that nobody knows.
    """
    # Nobody has the link before this: what happens to it is told from its first moment on.
    await _refer(share, handover, replace(handover.asking.ref, message=""))
    handed, asking = handover.handed, handover.asking
    return Arrival(
        invitation=handover.invitation,
        url=handed.link.url(share.public_url),
        kind=handed.kind,
        size=handed.size,
        status=await share.vault.control.status(handed.link.id, handover.owner),
        owner=handover.owner,
        label=asking.label,
        purpose=asking.purpose,
        ref=asking.ref,
    )


async def _refer(share: Share, handover: Handover, ref: SenderRef) -> None:
    await share.vault.control.refer(handover.handed.link.id, handover.owner, ref)
