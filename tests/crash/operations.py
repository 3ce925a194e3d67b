"""What a process that is about to end does: one function an operation.

`tell` is how the outside world hears of it (a sender of a link, a recipient of bytes): what was
told before the end counts as promised.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from bots.deliveries import Deliveries
from bots.share import Share, Submission
from core.invitation import InvitationId, Token
from core.link import Claim, Link
from core.secret import Kind, Sender
from tests.contents import pieces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bots.deliveries import Arrival
    from core.bootstrap import House

    Operation = Callable[[House, "Given", "Tell"], Awaitable[None]]

CONTENT = bytes(range(251)) * 1200  # more than one piece on its way out: 301 kB
SMALL = bytes(range(251))  # kept in the record
URL = "http://localhost"
DOOR = "telegram"


@dataclass(frozen=True, slots=True)
class Given:
    """What an operation is about. Texts, as it travels to another process."""

    link: str = ""
    claim: str = ""
    ticket: str = ""
    user: str = ""
    password: str = ""
    small: bool = False
    invitation: str = ""

    @property
    def invited(self) -> tuple[InvitationId, Token]:
        path, _, token = self.invitation.partition("#")
        return InvitationId.parse(path.rpartition("/")[2]), Token.parse(token)

    @property
    def content(self) -> bytes:
        return SMALL if self.small else CONTENT

    def with_ticket(self, ticket: str) -> Given:
        return replace(self, ticket=ticket)

    def with_password(self, password: str) -> Given:
        return replace(self, password=password)

    @property
    def secret(self) -> Link:
        return Link.parse(self.link)

    @property
    def page(self) -> Claim:
        return Claim.parse(self.claim)

    @property
    def sender(self) -> Sender:
        return Sender(DOOR, self.user)


class Tell(Protocol):
    """Tells the outside world."""

    def __call__(self, what: str, content: str = "") -> None:
        """Say what happened, for good."""


async def create(house: House, given: Given, tell: Tell) -> None:
    """Take a secret in, as the web does."""
    sealed = await house.vault.seal(
        pieces(given.content), kind=Kind.FILE, name="x", owner=house.vault.owner(given.sender)
    )
    tell("link", sealed.link.url(URL))


async def share(house: House, given: Given, tell: Tell) -> None:
    """Turn an event of a chat into a link, as a door does."""
    door = Share.of(house, URL)
    submission = Submission(
        sender=given.sender, event=given.user, kind=Kind.FILE, content=pieces(CONTENT), name="x"
    )
    async with door.handle(submission) as shared:
        tell("link", shared.url)


async def hand_in(house: House, given: Given, tell: Tell) -> None:
    """Take in what somebody asked for, as the web does."""
    async with (
        house.reception.place(*given.invited) as place,
        place.draft(pieces(given.content), kind=Kind.FILE, name="x") as draft,
    ):
        await place.commit(draft, name="x")
    tell("handed")


async def deliver(house: House, given: Given, tell: Tell) -> None:
    """Put what was handed in into the chat, as a door does."""

    async def chat(arrival: Arrival) -> None:
        tell("link", arrival.url)

    deliveries = Deliveries(Share.of(house, URL), DOOR, chat)
    await house.handed.join(DOOR)
    for entry, name in await house.handed.take(DOOR, "replica"):
        await deliveries.handle(entry, name)


async def open_(house: House, given: Given, tell: Tell) -> None:
    """Claim a secret for a page."""
    link = given.secret
    opened = await house.vault.open(link.id, link.key, given.page, given.password or None)
    tell("ticket", opened.ticket)


async def data(house: House, given: Given, tell: Tell) -> None:
    """Hand the bytes out to a page that claimed."""
    async with house.vault.data(given.secret.id, given.page, given.ticket) as delivery:
        async for piece in delivery:
            tell("bytes", piece.hex())


async def download(house: House, given: Given, tell: Tell) -> None:
    """Open, hand out and burn in one call."""
    link, page = given.secret, given.page
    async with house.vault.take(link.id, link.key, page) as (delivery, _):
        async for piece in delivery:
            tell("bytes", piece.hex())
    await house.vault.done(link.id, page)


async def done(house: House, given: Given, tell: Tell) -> None:
    """Burn what a page has received."""
    await house.vault.done(given.secret.id, given.page)
    tell("done")


async def revoke(house: House, given: Given, tell: Tell) -> None:
    """Take a secret back."""
    await house.vault.control.revoke(given.secret.id, house.vault.owner(given.sender))
    tell("revoked")


async def rewrap(house: House, given: Given, tell: Tell) -> None:
    """Protect a secret with a password."""
    link, proof = given.secret, house.vault.owner(given.sender)
    await house.vault.control.rewrap(link.id, link.key, proof, password=given.password)
    tell("rewrapped")


async def reschedule(house: House, given: Given, tell: Tell) -> None:
    """Give a secret an hour."""
    proof = house.vault.owner(given.sender)
    await house.vault.control.reschedule(given.secret.id, proof, timedelta(hours=1))
    tell("rescheduled")


async def unlock(house: House, given: Given, tell: Tell) -> None:
    """Give the attempts back."""
    await house.vault.control.unlock(given.secret.id, house.vault.owner(given.sender))
    tell("unlocked")


async def sweep(house: House, given: Given, tell: Tell) -> None:
    """Clean up."""
    await house.sweeper.sweep()
    tell("swept")


OPERATIONS = (
    *(create, share, hand_in, deliver, open_, data, download, done),
    *(revoke, rewrap, reschedule, unlock, sweep),
)
BY_NAME: dict[str, Operation] = {one.__name__: one for one in OPERATIONS}
