"""Invitations as tests make and use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.invitation import Purpose
from core.secret import Kind, Sender, SenderRef
from tests.contents import pieces

if TYPE_CHECKING:
    from datetime import timedelta

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
