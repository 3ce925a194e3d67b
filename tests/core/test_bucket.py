"""What only an object store needs: parts taken back, a start that looks twice, a flat memory."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from core.blobs.objects import PART
from core.bootstrap import open_vault
from core.clock import now_ms
from core.errors import CannotStart, Corrupt, Gone, SourceFailed, Unavailable
from core.link import Claim, SecretId
from core.secret import Kind, State
from tests.contents import gathered, pieces
from tests.fakes.s3 import BUCKET, KEYS
from tests.faults.proxy import Fault, Proxy
from tests.stores import at, opened, prefix
from web.report import report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.fakes.s3 import Server
    from tests.faults.proxy import Line

LIMIT = now_ms() + 5 * 24 * 60 * 60 * 1000
LARGE = 3 * PART + 100_000
PIECE = 262_208


async def refusal(url: str) -> str:
    with pytest.raises(CannotStart) as refused:
        async with opened(url):
            pass
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in refused.value.reason
    return refused.value.reason


async def test_upload_that_ends_early_takes_its_parts_back(s3: Server) -> None:
    """A source that breaks off, and a put that is cancelled, leave no parts in the bucket."""
    url, reached = s3.url(), asyncio.Event()

    async def broken(*, waits: bool) -> AsyncIterator[bytes]:
        async for piece in pieces(bytes(LARGE), PIECE):
            yield piece
        reached.set()
        if waits:
            await asyncio.Event().wait()
        raise SourceFailed

    async with opened(url) as blobs:
        with pytest.raises(SourceFailed):
            await blobs.put(SecretId.random(), LIMIT, broken(waits=False))
        reached.clear()
        putting = asyncio.create_task(blobs.put(SecretId.random(), LIMIT, broken(waits=True)))
        await reached.wait()
        assert s3.unfinished(prefix(url))
        putting.cancel()
        await asyncio.wait([putting])
        assert s3.unfinished(prefix(url)) == []
        assert s3.keys(prefix(url)) == [f"{prefix(url)}/standing"]


class Stopped(Fault):
    """The store begins an upload and takes no parts of it, until it does."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.going = asyncio.Event()

    async def asked(self, _line: Line, piece: bytes, /) -> bytes:
        if b"partNumber=" in piece:
            self.reached.set()
            await self.going.wait()
        return piece


async def test_slow_store_holds_up_its_source(s3: Server) -> None:
    """While the store takes no bytes, no more than three parts of a large file are read."""
    read = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal read
        async for piece in pieces(bytes(5 * PART), PIECE):
            read += len(piece)
            yield piece

    async with Proxy(s3.port).listening() as proxy:
        url, name = s3.url(proxy.port), SecretId.random()
        async with opened(url) as blobs:
            proxy.fault = stopped = Stopped()
            putting = asyncio.create_task(blobs.put(name, LIMIT, counted()))
            await stopped.reached.wait()
            before = 0
            while before != read:
                before = read
                await asyncio.sleep(0.2)
            assert read <= 3 * PART
            stopped.going.set()
            await putting
            assert await blobs.stored() == 5 * PART


class Heedless(Fault):
    """The store does not know the condition that makes a latch."""

    async def asked(self, _line: Line, piece: bytes, /) -> bytes:
        return piece.replace(b"if-none-match", b"if-nobody-asks")


async def test_store_without_conditional_puts_is_refused(s3: Server) -> None:
    """Where a second latch takes the place of the first, nothing starts."""
    async with Proxy(s3.port).listening() as proxy:
        proxy.fault = Heedless()
        url = s3.url(proxy.port)
        assert "If-None-Match" in await refusal(url)
        assert s3.keys(prefix(url)) == []


async def test_wrong_bucket_and_address_are_told(s3: Server) -> None:
    """A bucket that is not there, or nobody at the address, stops the start and says so."""
    assert "The bucket nobodys can not be used: NoSuchBucket" in await refusal(
        s3.url(bucket="nobodys")
    )
    assert "Connection refused" in await refusal(s3.url(port=1))


class Overheard(Fault):
    """Keeps what the store is sent."""

    def __init__(self) -> None:
        self.sent = b""

    async def asked(self, _line: Line, piece: bytes, /) -> bytes:
        self.sent += piece
        return piece


async def test_empty_keys_of_the_environment_are_none(
    s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An AWS_SESSION_TOKEN that is set and empty, as compose files pass it, is not sent along."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "")
    async with Proxy(s3.port).listening() as proxy:
        proxy.fault = overheard = Overheard()
        async with opened(s3.url(proxy.port)):
            pass
    assert KEYS["AWS_ACCESS_KEY_ID"].encode() in overheard.sent
    assert KEYS["AWS_SECRET_ACCESS_KEY"].encode() not in overheard.sent
    assert b"security-token" not in overheard.sent


async def test_bucket_that_finds_nothing_loses_nothing(s3: Server) -> None:
    """A blob counts as missing only in a bucket that is known to be the right one."""
    url = s3.url()
    async with opened(url) as blobs:
        assert not await blobs.has(SecretId.random(), LIMIT)
        s3.ask("DELETE", f"/{BUCKET}/{prefix(url)}/standing")
        with pytest.raises(Unavailable):
            await blobs.has(SecretId.random(), LIMIT)


async def test_secret_lives_in_a_bucket(s3: Server, tmp_path: Path) -> None:
    """Handed in, opened, fetched again from the middle, done: its bytes go, its latch stays."""
    url, data, claim = s3.url(), os.urandom(2 * PART), Claim.random()
    async with open_vault(at(url, DATA_DIR=str(tmp_path / "data"))) as house:
        vault = house.vault
        link = (await vault.seal(pieces(data), kind=Kind.FILE, name="a.bin")).link
        ticket = (await vault.open(link.id, link.key, claim)).ticket
        async with vault.data(link.id, claim, ticket) as delivery:
            async for _ in delivery:
                break  # the connection is lost
        async with vault.data(link.id, claim, ticket, start=PART - 5) as delivery:
            assert await gathered(delivery) == data[PART - 5 :]
        with pytest.raises(Gone) as gone:
            await vault.open(link.id, link.key, Claim.random())
        assert gone.value.state == State.OPENED
        await vault.done(link.id, claim)
        assert (await report(house)).disk_free is None
    left = {key.rpartition("/")[2] for key in s3.keys(prefix(url))}
    assert left == {f"{link.id}.latch", "standing"}


async def test_vanished_blob_is_told_and_burns_nothing(s3: Server, tmp_path: Path) -> None:
    """Whoever opens a secret whose blob somebody deleted hears that, and no latch is taken."""
    url, claim = s3.url(), Claim.random()
    async with open_vault(at(url, DATA_DIR=str(tmp_path / "data"))) as house:
        link = (await house.vault.seal(pieces(bytes(100_000)), kind=Kind.FILE, name="a")).link
        ticket = (await house.vault.open(link.id, link.key, claim)).ticket
        [blob] = [key for key in s3.keys(prefix(url)) if key.endswith(str(link.id))]
        s3.ask("DELETE", f"/{BUCKET}/{blob}")
        with pytest.raises(Corrupt):
            async with house.vault.data(link.id, claim, ticket):
                pass
    assert s3.keys(prefix(url)) == [f"{prefix(url)}/standing"]
