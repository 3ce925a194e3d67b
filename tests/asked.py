"""Invitations as tests make and use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import FormData

from core.invitation import InvitationId, Purpose, Standing, key_of
from core.link import Claim
from core.secret import Kind, Sender, SenderRef, State
from tests.contents import pieces, received

if TYPE_CHECKING:
    from datetime import timedelta

    from aiohttp import ClientSession

    from core.bootstrap import House
    from core.invitation import Invited
    from core.reception import Place
    from core.secret import Sealed

ANN, BEN = Sender("telegram", "1"), Sender("telegram", "2")
REF = SenderRef("telegram", chat="1", language="de")


async def asked(
    house: House,
    sender: Sender = ANN,
    *,
    label: str = "Ann",
    purpose: Purpose = Purpose.REQUEST,
    lifetime: timedelta | None = None,
) -> Invited:
    return await house.invitations.create(
        house.vault.owner(sender),
        REF,
        purpose=purpose,
        policy=house.vault.policy,
        label=label,
        lifetime=lifetime,
    )


async def handed(place: Place, data: bytes = b"content", name: str | None = "a.txt") -> Sealed:
    """Hand a file in, or a text where it has no name."""
    kind = Kind.TEXT if name is None else Kind.FILE
    async with place.draft(pieces(data), kind=kind, name=name) as draft:
        return await place.commit(draft, name=name)


async def hand_in(house: House, invited: Invited, data: bytes = b"content") -> Sealed:
    async with house.reception.place(invited.id, invited.token) as place:
        return await handed(place, data)


def key(invited: Invited) -> str:
    return f"ots:{{inv}}:{invited.id}"


async def standing(house: House, invited: Invited) -> Standing:
    return (await house.invitations.inquire(invited.id, invited.token.digest)).standing


async def waits(house: House, invited: Invited) -> bytes | None:
    """Open what waits for the door, as its recipient; None when nothing does."""
    handover = await house.handed.look(invited.id)
    if handover is None:
        return None
    link = handover.handed.link
    return await received(house.vault, link.id, link.key, Claim.random())


async def living(house: House) -> list[State]:
    """List the states of all secrets of whoever asked."""
    return [one.state for one in await house.vault.control.secrets(house.vault.owner(ANN))]


async def died(house: House, invited: Invited) -> None:
    """Let the lease of whoever had the place be over, as if its process had ended."""
    await house.redis.hset(key(invited), "till", 1)


async def delivered(house: House, invited: Invited) -> tuple[bytes, str]:
    """Open what waits for the door; answer the bytes and the name."""
    handover = await house.handed.look(invited.id)
    assert handover is not None
    link, claim = handover.handed.link, Claim.random()
    opened = await house.vault.open(link.id, link.key, claim)
    data = await received(house.vault, link.id, link.key, claim)
    return data, opened.metadata.name if handover.handed.kind is Kind.FILE else ""


def file_form(data: bytes = b"content", name: str = "a.txt", **fields: str) -> FormData:
    form = FormData(default_to_multipart=True)
    for field, value in fields.items():
        form.add_field(field.replace("_", "-"), value)
    form.add_field("file", data, filename=name)
    return form


async def through_web(client: ClientSession, url: str, form: FormData | None = None) -> int:
    """Hand something in where a request's link leads, as its page does; answer the status."""
    at, _, token = url.partition("#")
    headers = {"OTS-Invitation": token}
    async with client.post(at, data=form or file_form(), headers=headers) as answer:
        return answer.status


def named_in(url: str) -> InvitationId:
    """Find which invitation a request's link is about."""
    return InvitationId.parse(url.partition("#")[0].rpartition("/")[2])


async def overdue(house: House, url: str) -> None:
    """Let an invitation's time be over."""
    await house.redis.hset(key_of(named_in(url)), "expires", 1)
