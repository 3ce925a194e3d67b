"""Blobs in Redis, for hosts without a disk that lasts.

ots:{<id>}:blob   a hash: pieces by their number, and `size` once the blob is whole
ots:{<id>}:latch  a text that says who holds the latch

Both lie in the slot of the secret's record, and go by themselves a day after its limit.
Such a latch decides between all who come at once, but it falls back together with its record where
Redis does: docs/storage.md says what is lost by that.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from redis.exceptions import OutOfMemoryError, RedisError

from core.background import beside
from core.blobs import BOUNDLESS, Lying
from core.blobs.register import Entry, Register
from core.clock import now_ms
from core.errors import Corrupt, OneTimeShareError, StorageFull, Unavailable
from core.record import record_key
from core.redis_state import RedisState
from core.scripts.script import source

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from core.link import SecretId
    from core.redis_cluster import AnyRedis
    from core.redis_pipe import Call
    from core.scripts import Scripts

DAY = 24 * 60 * 60 * 1000
STALE = 15 * 60 * 1000  # ms after which nobody is writing any more
SIGN = 60.0  # seconds between two signs that somebody still does, however slowly bytes come
PATIENCE = 15.0  # seconds for a piece, or whatever else is asked, with all its retries
PIECE = 256 * 1024 - 64  # bytes; with what Redis adds it just fills a block of its allocator


class RedisBlob:
    """An open blob; the last piece that was read is kept, as the next range begins in it."""

    def __init__(self, redis: AnyRedis, key: str, size: int, first: bytes) -> None:
        self._redis = redis
        self._key = key
        self._number, self._piece = 0, first
        self.size = size

    async def read(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            raise Corrupt
        first = offset // PIECE
        pieces = await self._pieces(first, (offset + max(length, 1) - 1) // PIECE)
        read = b"".join(pieces)[offset - first * PIECE :][:length]
        if len(read) != length:
            raise Corrupt
        return read

    async def _pieces(self, first: int, last: int) -> list[bytes]:
        kept = [self._piece] if first == self._number else []
        wanted = range(first + len(kept), last + 1)
        if not wanted:
            return kept
        found = await _fields(self._redis, self._key, *wanted)
        pieces = [piece for piece in found if piece is not None]
        if len(pieces) != len(wanted):
            raise Corrupt
        self._number, self._piece = last, pieces[-1]
        return kept + pieces


class RedisBlobs:
    """The port's answer in Redis. Bytes go by connections of their own, what is short by trips."""

    def __init__(self, redis: AnyRedis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._lay = redis.register_script(source("lay"))
        self._register = Register(self._ask)
        self._writing: dict[SecretId, int] = {}  # bytes so far

    async def check(self) -> None:
        states = await self.states()
        if not all(one.takes_writes for one in states):  # also without memory: a latch always fits
            raise Unavailable

    async def free(self) -> int:
        left = (one.most - one.used if one.most else BOUNDLESS for one in await self.states())
        return max(0, min(left))

    async def stored(self) -> int:
        stored = sum(self._writing.values())
        async for entry in self._register.all():
            stored += entry.size
        return stored

    async def put(self, secret_id: SecretId, limit: int, sealed: AsyncIterable[bytes]) -> None:
        self._writing[secret_id] = 0
        try:
            async with beside(self._still_writing(secret_id)):
                await self._write(secret_id, limit, sealed)
        except BaseException:
            with suppress(OneTimeShareError):  # it goes by itself
                await asyncio.shield(self._ask(("UNLINK", _blob_key(secret_id))))
            raise
        finally:
            del self._writing[secret_id]

    async def _write(self, secret_id: SecretId, limit: int, sealed: AsyncIterable[bytes]) -> None:
        number = 0
        async for piece, last in _cut(sealed):
            self._writing[secret_id] += len(piece)
            whole: tuple[int, ...] = ()
            if last:
                whole = self._writing[secret_id], limit + DAY
                await self._register.add(Entry(Lying(secret_id, limit), now_ms(), whole[0]))
            await self._laid(_blob_key(secret_id), number, piece, STALE, *whole)
            number += 1

    async def _laid(self, key: str, *arguments: bytes | int) -> None:
        """Lay a piece. A cancelled caller still waits, so that nothing comes after a deletion."""
        laying = asyncio.create_task(self._lay_once(key, *arguments))
        try:
            laid = await asyncio.shield(laying)
        except asyncio.CancelledError:
            await asyncio.wait([laying])
            if not laying.cancelled():
                laying.exception()  # asked for, so that nobody complains that it never was
            raise
        if not laid:  # no damage to a secret: there is none yet
            raise Unavailable

    async def _lay_once(self, key: str, *arguments: bytes | int) -> bool:
        async with _answering():
            return bool(await self._lay(keys=[key], args=arguments))

    async def _still_writing(self, secret_id: SecretId) -> None:
        while True:
            await asyncio.sleep(SIGN)
            with suppress(OneTimeShareError):  # the next piece says what is wrong
                await self._ask(("PEXPIRE", _blob_key(secret_id), STALE, "GT"))

    @asynccontextmanager
    async def open(self, secret_id: SecretId, limit: int) -> AsyncIterator[RedisBlob]:  # noqa: ARG002 - the port's
        key = _blob_key(secret_id)
        size, first = await _fields(self._redis, key, "size", 0)
        if size is None or first is None:
            raise Corrupt
        yield RedisBlob(self._redis, key, int(size), first)

    async def has(self, secret_id: SecretId, limit: int) -> bool:  # noqa: ARG002 - same
        return bool(await self._ask(("HEXISTS", _blob_key(secret_id), "size")))

    async def holder(self, secret_id: SecretId, limit: int) -> str | None:  # noqa: ARG002 - same
        held: bytes | None = await self._ask(("GET", _latch_key(secret_id)))
        return None if held is None else held.decode()

    async def latch(self, secret_id: SecretId, limit: int, claim: str) -> str:
        held: bytes = await self._ask(("latch", _latch_key(secret_id), claim, limit + DAY))
        return held.decode()

    async def shred(self, secret_id: SecretId, limit: int) -> None:  # noqa: ARG002 - same
        await self._ask(("UNLINK", _blob_key(secret_id)))
        await self._register.drop(secret_id)

    async def sweep(self, now: int) -> None:
        """Leave it to Redis: everything here has its own end."""

    async def settled(self, now: int) -> AsyncIterator[Lying]:
        async for entry in self._register.all():
            if entry.since < now - STALE:
                yield entry.lying

    async def aclose(self) -> None:
        """Leave the connections: they are another's."""

    async def states(self) -> list[RedisState]:
        """Ask Redis how it stands.

        Raises:
            Unavailable: it does not answer.
        """
        async with _answering():
            return await RedisState.read(self._redis)

    async def _ask(self, call: Call) -> Any:  # noqa: ANN401 - as the command's
        async with _answering():
            [answer] = await self._scripts.together(call)
        return answer


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Wait for an answer, and name what a refusal means.

    Raises:
        StorageFull: Redis has no memory left, or its disk no room.
        Unavailable: anything else.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except Unavailable as error:
        raise _named(error.__cause__ or error) from error.__cause__
    except (RedisError, OSError) as error:  # a time limit is an OSError too
        raise _named(error) from error


def _named(error: BaseException) -> OneTimeShareError:
    full = isinstance(error, OutOfMemoryError) or str(error).startswith("MISCONF")
    return StorageFull() if full else Unavailable()


async def _fields(redis: AnyRedis, key: str, *names: str | int) -> list[bytes | None]:
    async with _answering():
        return cast("list[bytes | None]", await redis.hmget(key, [str(name) for name in names]))


async def _cut(sealed: AsyncIterable[bytes]) -> AsyncIterator[tuple[bytes, bool]]:
    """Cut a stream into pieces of one size, and tell of each whether it is the last."""
    waiting = bytearray()
    async for piece in sealed:
        waiting += piece
        while len(waiting) > PIECE:
            yield bytes(waiting[:PIECE]), False
            del waiting[:PIECE]
    yield bytes(waiting), True


def _blob_key(secret_id: SecretId) -> str:
    return f"{record_key(secret_id)}:blob"


def _latch_key(secret_id: SecretId) -> str:
    return f"{record_key(secret_id)}:latch"
