"""An object store that fails: told in time and as what it is, and nobody wins what is not there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.clock import now_ms
from core.errors import StorageFull, Unavailable
from core.link import SecretId
from tests.contents import pieces
from tests.faults.kinds import AllDropped, AllReset, BlackHole, Dropped
from tests.faults.proxy import Cut, Fault, Proxy
from tests.stores import opened, prefix

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from core.blobs import Blobs
    from tests.fakes.s3 import Server
    from tests.faults.proxy import Line

LIMIT = now_ms() + 5 * 24 * 60 * 60 * 1000
PATIENCE = 0.5  # seconds
LARGE = 6 * 1024 * 1024


class Answers(Fault):
    """Every request is answered with this status and code."""

    def __init__(self, status: int, code: str) -> None:
        body = f"<Error><Code>{code}</Code></Error>".encode()
        self._answer = (
            f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )

    async def asked(self, line: Line, piece: bytes, /) -> bytes:
        if b" HTTP/1.1\r\n" in piece:
            line.near.write(self._answer)
            await line.near.drain()
        return b""


class Garbled(Fault):
    """What answers speaks no HTTP."""

    async def answered(self, line: Line, _piece: bytes, /) -> bytes:
        line.near.write(b"220 mail.example ESMTP\r\n")
        raise Cut


@pytest.fixture
async def proxy(s3: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    """Stand before an object store whose client waits for a short time only."""
    monkeypatch.setattr("core.blobs.bucket.PATIENCE", PATIENCE)
    for limit in ("CONNECT", "REQUEST", "RETRYING"):
        monkeypatch.setattr(f"core.blobs.bucket.{limit}", timedelta(seconds=PATIENCE))
    async with Proxy(s3.port).listening() as proxy:
        yield proxy


def calls(blobs: Blobs, name: SecretId) -> dict[str, Coroutine[Any, Any, Any]]:
    async def read() -> None:
        async with blobs.open(name, LIMIT):
            pass

    async def settled() -> None:
        async for _ in blobs.settled(LIMIT):
            pass

    return {
        "put": blobs.put(SecretId.random(), LIMIT, pieces(bytes(100_000))),
        "put in parts": blobs.put(SecretId.random(), LIMIT, pieces(bytes(LARGE))),
        "open": read(),
        "has": blobs.has(name, LIMIT),
        "latch": blobs.latch(name, LIMIT, "claim"),
        "holder": blobs.holder(name, LIMIT),
        "shred": blobs.shred(name, LIMIT),
        "check": blobs.check(),
        "stored": blobs.stored(),
        "sweep": blobs.sweep(now_ms()),
        "settled": settled(),
    }


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (BlackHole(), Unavailable),
        (AllReset(), Unavailable),
        (AllDropped(), Unavailable),
        (Garbled(), Unavailable),
        (Answers(500, "InternalError"), Unavailable),
        (Answers(409, "ConditionalRequestConflict"), Unavailable),
        (Answers(507, "XMinioStorageFull"), StorageFull),
        (Answers(403, "QuotaExceeded"), StorageFull),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
async def test_every_call_tells_a_fault_in_time(
    s3: Server, proxy: Proxy, fault: Fault, told: type[Exception]
) -> None:
    """Whatever is asked of a store that fails ends soon with what it is, and later it works."""
    name = SecretId.random()
    async with opened(s3.url(proxy.port)) as blobs:
        await blobs.put(name, LIMIT, pieces(b"sealed"))
        proxy.fault = fault
        asked = calls(blobs, name)
        async with asyncio.timeout(20 * PATIENCE):
            ended = await asyncio.gather(*asked.values(), return_exceptions=True)
        proxy.fault = Fault()
        kinds = {what: type(end) for what, end in zip(asked, ended, strict=True)}
        assert kinds.pop("has") in {told, Unavailable}  # a HEAD's answer has no room for a code
        assert set(kinds.values()) == {told}, kinds
        if not isinstance(fault, AllDropped | Garbled):  # of those the store did what it was asked
            assert await blobs.holder(name, LIMIT) is None
            assert await blobs.has(name, LIMIT)
        await blobs.latch(name, LIMIT, "another")


async def test_winner_whose_reply_was_lost_still_wins(s3: Server, proxy: Proxy) -> None:
    """A latch that was made while its reply got lost belongs to whoever asked for it."""
    name = SecretId.random()
    async with opened(s3.url(proxy.port)) as blobs:
        proxy.fault = lost = Dropped(b".latch")
        assert await blobs.latch(name, LIMIT, "claim") == "claim"
        assert lost.struck is not None
        assert await blobs.latch(name, LIMIT, "another") == "claim"


@pytest.mark.parametrize("step", [b"?partNumber=2", b"?uploadId="], ids=["a part", "the end"])
async def test_reply_lost_during_a_put_leaves_a_whole_blob_or_none(
    s3: Server, proxy: Proxy, step: bytes
) -> None:
    """A step of an upload whose reply is lost is repeated, or the put fails and leaves nothing."""
    url, name = s3.url(proxy.port), SecretId.random()
    async with opened(url) as blobs:
        proxy.fault = lost = Dropped(step)
        try:
            await blobs.put(name, LIMIT, pieces(bytes(LARGE)))
        except Unavailable:
            assert not await blobs.has(name, LIMIT)
        else:
            async with blobs.open(name, LIMIT) as blob:
                assert blob.size == LARGE
        assert lost.struck is not None
        assert s3.unfinished(prefix(url)) == []
