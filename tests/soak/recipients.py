"""Secrets that were shared, and people who open them: each notes every byte that arrives."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from core.link import Claim
from tests.soak.front import BACK_OFF, Broken, Refused

if TYPE_CHECKING:
    from core.link import Link
    from tests.soak.front import Front

PIECE = 64 * 1024
PACE = 0.02  # seconds that a recipient takes for a piece: a large secret is still under way
TOO_LATE = {409, 410, 423}  # somebody else has it open, or had it; or it is locked


def content_of(seed: str, size: int, *, text: bool = False) -> bytes:
    if text:
        return Random(seed).randbytes(size).hex()[:size].encode()  # noqa: S311 - same
    return Random(seed).randbytes(size)  # noqa: S311 - content, not keys


@dataclass(slots=True)
class Shared:
    """A secret whose upload was acknowledged."""

    link: Link
    seed: str
    size: int
    text: bool = False
    password: str = field(default="", repr=False)
    recipients: list[Recipient] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, str]:
        """Give what somebody knows who may open it."""
        known = {"key": self.link.key.reveal()}
        return known | {"password": self.password} if self.password else known

    def content(self) -> bytes:
        return content_of(self.seed, self.size, text=self.text)

    def receivers(self) -> list[Recipient]:
        """List who was let in, be it for no byte yet."""
        return [one for one in self.recipients if one.let_in]


class Recipient:
    """Somebody with the link and a claim of their own; may leave when `patience` bytes arrived."""

    def __init__(
        self, front: Front, shared: Shared, patience: float = math.inf, pace: float = PACE
    ) -> None:
        self._front = front
        self._shared = shared
        self._claim = Claim.random().reveal()
        self._content = b""
        self._pace = pace
        self.patience = patience
        self.last = 0.0  # when something came, as `time.monotonic` counts
        self.got = 0  # bytes from the start on, without a gap
        self.let_in = False
        self.breaks = 0  # transfers that broke and were gone on with
        shared.recipients.append(self)

    @property
    def complete(self) -> bool:
        return self.let_in and self.got == self._shared.size

    async def receive(self) -> Refused | None:
        """Open it, receive all of it and say so; or leave; or be told why it can't be had."""
        try:
            await self._receive()
        except Refused as refused:
            if self.let_in or refused.status not in TOO_LATE:
                raise
            return refused
        return None

    async def _receive(self) -> None:
        raise NotImplementedError

    async def _ask(self, action: str, **fields: str) -> dict[str, Any]:
        return await self._front.ask(f"/s/{self._shared.link.id}/{action}", json=fields)

    async def _transfer(self, path: str, **fields: str) -> None:
        self._content = self._shared.content()
        while not self.complete and self.got < self.patience:
            try:
                await self._listen(path, fields)
            except Broken:
                self.breaks += self.let_in
                await asyncio.sleep(BACK_OFF)
            if self.let_in and not self.patience:
                break
        self._content = b""
        if self.complete:
            await self._ask("done", claim=self._claim)

    async def _listen(self, path: str, fields: dict[str, str]) -> None:
        headers = {"Range": f"bytes={self.got}-"} if self.got else {}
        async with self._front.post(path, json=fields, headers=headers) as answer:
            assert answer.status == (206 if self.got else 200)
            self.let_in, self.last = True, time.monotonic()
            if not self.patience:
                return
            async for piece in answer.content.iter_chunked(PIECE):
                self._note(piece)
                if self.got >= self.patience:
                    return
                await asyncio.sleep(self._pace)

    def _note(self, piece: bytes) -> None:
        expected = self._content[self.got : self.got + len(piece)]
        self.got += len(piece)
        self.last = time.monotonic()
        # Not compared by the assertion itself: it would print both.
        same = piece == expected
        assert same, f"other bytes than were shared, before offset {self.got}"


class Page(Recipient):
    """The page behind the link: peek, open, data, done. Negative patience: leaves after open."""

    _ticket = ""

    async def _receive(self) -> None:
        if not self._ticket:
            await self._ask("peek", key=self._shared.link.key.reveal())
            self.opened(await self._ask("open", **self._shared.fields, claim=self._claim))
        if self.patience >= 0:
            path = f"/s/{self._shared.link.id}/data"
            await self._transfer(path, claim=self._claim, ticket=self._ticket)

    def opened(self, told: dict[str, Any]) -> None:
        self._ticket = told["ticket"]


class Script(Recipient):
    """A program: all in one call, which it repeats with the same claim."""

    async def _receive(self) -> None:
        path = f"/d/{self._shared.link.id}"
        await self._transfer(path, **self._shared.fields, claim=self._claim)
