"""Receiving: claim, then the bytes with as many tries as it takes, then the burning."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from client.failure import Broken, Failure, Stranger, Unreachable
from client.patience import Patience
from core.secret import Kind, Metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientResponse

    from client.progress import Progress
    from client.server import Server
    from client.target import Target
    from core.link import Claim, Link

BRIEFLY = 20.0  # seconds of trying again where nothing is at stake yet, or any more
WINDOW = 15 * 60.0  # seconds for which a server lets the claimant go on, from the last byte on


@dataclass(frozen=True, slots=True)
class Right:
    """What fetches the bytes: kept in this process alone, and gone with it."""

    path: str
    claim: str = field(repr=False)
    ticket: str = field(repr=False)


async def claim(
    server: Server, link: Link, chosen: Claim, password: str | None
) -> tuple[Metadata, Right]:
    """Claim a secret: what it is, and the right to its bytes. Nothing is decided yet.

    Raises:
        PasswordWanted: none was given, or another than the sender's.
        Failure: it can't be opened.
    """
    path, patience = f"/s/{link.id}", Patience(BRIEFLY)
    fields = {"key": link.key.reveal(), "claim": chosen.reveal(), "password": password}
    while True:
        try:
            told = await server.call(f"{path}/open", fields)
        except (Unreachable, Stranger):
            raise  # nothing is at stake yet: the sooner this is known, the better
        except Broken as broken:
            await patience.wait(broken)
        else:
            right = Right(path, chosen.reveal(), str(told.get("ticket")))
            return _described(server, told), right


def _described(server: Server, told: dict[str, Any]) -> Metadata:
    try:
        name, size, kind = str(told["name"]), int(told["size"]), Kind(told["kind"])
    except (KeyError, ValueError, TypeError):
        raise server.stranger() from None
    return Metadata(name, str(told.get("type")), max(0, size), kind)


async def receive(
    server: Server, right: Right, size: int, target: Target, progress: Progress
) -> None:
    """Fetch all bytes; what broke off goes on where it was, for as long as the server lets it.

    Raises:
        Failure: the server refused, or there was no getting through.
    """
    patience, got = Patience(WINDOW), 0
    while True:
        try:
            async for piece in _bytes(server, right, got, size):
                await target.write(piece)
                got += len(piece)
                progress.add(len(piece))
                patience.renew()
        except Broken as broken:
            await patience.wait(broken)
        else:
            return


async def _bytes(server: Server, right: Right, start: int, size: int) -> AsyncIterator[bytes]:
    if start == size > 0:  # only the end of the answer was lost
        return
    headers = {"Range": f"bytes={start}-"} if start else {}
    fields = {"claim": right.claim, "ticket": right.ticket}
    async with server.post(f"{right.path}/data", json=fields, headers=headers) as answer:
        if _offset(answer) != start or answer.content_length != size - start:
            raise server.stranger()
        async for piece in answer.content.iter_any():
            yield piece


def _offset(answer: ClientResponse) -> int:
    if answer.status != HTTPStatus.PARTIAL_CONTENT:
        return 0
    found = re.match(r"bytes ([0-9]{1,15})-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else -1


async def burn(server: Server, right: Right) -> bool:
    """Say that all of it is here: it is destroyed now, and the sender is told.

    False where that did not get through: the server does both by itself, in a quarter of an hour.
    """
    patience = Patience(BRIEFLY)
    with suppress(Failure):
        while True:
            try:
                await server.call(f"{right.path}/done", {"claim": right.claim})
            except Broken as broken:
                await patience.wait(broken)
            else:
                return True
    return False
