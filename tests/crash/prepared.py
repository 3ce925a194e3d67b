"""What there is before an operation begins."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from bots.requests import Requests, Wish
from bots.share import Share
from core.link import Claim
from core.secret import Kind
from tests.contents import gathered, pieces
from tests.crash.operations import URL, Given

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.link import SecretId

USERS = count()


async def nothing(house: House, *, small: bool = False) -> Given:
    """Give a sender who has shared nothing yet."""
    return Given(user=str(next(USERS)), small=small)


async def asked(house: House, *, small: bool = False) -> Given:
    """Give an invitation that nobody used."""
    given = await nothing(house, small=small)
    asked = await Requests(Share.of(house, URL)).ask(Wish(given.sender, "chat"))
    return replace(given, invitation=asked.url)


async def handed(house: House) -> Given:
    """Give an invitation whose link waits for the door."""
    given = await asked(house)
    async with (
        house.reception.place(*given.invited) as place,
        place.draft(pieces(given.content), kind=Kind.FILE, name="x") as draft,
    ):
        await place.commit(draft, name="x")
    return given


async def waiting(
    house: House, *, password: str = "", small: bool = False, secret_id: SecretId | None = None
) -> Given:
    """Give a secret that nobody opened, and a page that is about to."""
    given = await nothing(house, small=small)
    sealed = await house.vault.seal(
        pieces(given.content),
        kind=Kind.FILE,
        name="x",
        password=password,
        owner=house.vault.owner(given.sender),
        secret_id=secret_id,
    )
    claim = Claim.random().reveal()
    return replace(given, link=sealed.link.url(URL), claim=claim, password=password)


async def claimed(house: House, secret_id: SecretId | None = None, *, small: bool = False) -> Given:
    """Give a secret that a page has claimed."""
    given = await waiting(house, small=small, secret_id=secret_id)
    link = given.secret
    opened = await house.vault.open(link.id, link.key, given.page)
    return given.with_ticket(opened.ticket)


async def received(
    house: House, secret_id: SecretId | None = None, *, small: bool = False
) -> Given:
    """Give a secret of which a page has every byte."""
    given = await claimed(house, secret_id, small=small)
    async with house.vault.data(given.secret.id, given.page, given.ticket) as delivery:
        assert await gathered(delivery) == given.content
    return given
