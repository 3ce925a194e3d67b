"""What senders are told about their secrets: a Redis stream, written at least once each.

An entry holds `secret`, `occasion`, `kind`, `at` (ms), `owner` (the sender's mark) and `ref` (where
the sender is told, sealed); the last two may be empty. The same secret and occasion may come twice:
whoever reads drops what they told before.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError, ResponseError

from core import readers
from core.errors import Unavailable
from core.link import SecretId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from core.redis_cluster import AnyRedis
    from core.redis_pipe import Argument
    from core.scripts import Scripts

STREAM = "ots:receipts"
REMEMBERED = 7 * 24 * 60 * 60 * 1000  # ms that a receipt waits for its reader
AT_ONCE = 100
ABANDONED = 30_000  # ms after which a receipt that was taken and not acknowledged is told again


TELLING = "telling"


class Telling(Enum):
    """Whose it is to tell a receipt."""

    OURS = "ours"
    OTHERS = "others"  # who are at it; should they end before, it is told again
    DONE = "done"


class Event(StrEnum):
    """What happened. The first six are an end, and a secret has one."""

    OPENED = "opened"  # the recipient's page said that it has everything
    UNCONFIRMED = "unconfirmed"  # every byte was handed out, and the page never said so
    INTERRUPTED = "interrupted"  # some bytes may have been received, not all
    EXPIRED = "expired"  # nobody opened it
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"  # destroyed by the operator
    HELD = "held"  # pages claim it and come to nothing
    LOCKED = "locked"  # until the sender unlocks it
    LOST = "lost"  # its bytes are not in the store any more


ENDS = frozenset(
    {
        *(Event.OPENED, Event.UNCONFIRMED, Event.INTERRUPTED),
        *(Event.EXPIRED, Event.REVOKED, Event.WITHDRAWN),
    }
)
KINDS = frozenset(event.value for event in Event)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a record's outbox holds, `occasion kind time;` for each receipt, and for whom."""

    outbox: bytes
    owner: bytes = field(repr=False)
    ref: bytes = field(repr=False)

    @property
    def readable(self) -> bool:
        """Whether no newer server has left a kind of receipt in it that this one never saw."""
        kinds = (entry.split(b" ")[1].decode() for entry in self.outbox.split(b";")[:-1])
        return all(kind in KINDS for kind in kinds)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One event of one secret; `occasion` tells it from the secret's others for good."""

    secret_id: SecretId
    occasion: str
    event: Event
    at: int
    owner: bytes = field(default=b"", repr=False)
    ref: bytes = field(default=b"", repr=False)

    @classmethod
    def waiting(cls, secret_id: SecretId, waiting: Waiting) -> Iterator[Receipt]:
        """Read what waits in a record's outbox."""
        for entry in waiting.outbox.decode().split(";")[:-1]:
            occasion, kind, at = entry.split(" ")
            yield cls(secret_id, occasion, Event(kind), int(at), waiting.owner, waiting.ref)

    @classmethod
    def read(cls, fields: Mapping[bytes, bytes]) -> Receipt:
        """Read an entry of the stream."""
        return cls(
            SecretId.parse(fields[b"secret"].decode()),
            fields[b"occasion"].decode(),
            Event(fields[b"kind"].decode()),
            int(fields[b"at"]),
            fields[b"owner"],
            fields.get(b"ref", b""),
        )

    def fields(self) -> tuple[Argument, ...]:
        """List it as the script takes it."""
        names = str(self.secret_id), self.occasion, self.event.value
        return *names, self.at, self.owner, self.ref


class Receipts:
    """The stream of receipts."""

    def __init__(self, redis: AnyRedis, scripts: Scripts) -> None:
        self._redis = redis
        self._run = scripts

    async def publish(self, receipts: Sequence[Receipt]) -> None:
        """Append receipts to the stream, and drop what waited for a week.

        Raises:
            Unavailable: Redis does not answer; some may have been published.
        """
        if not receipts:
            return
        oldest = max(receipt.at for receipt in receipts) - REMEMBERED
        for start in range(0, len(receipts), AT_ONCE):
            some = receipts[start : start + AT_ONCE]
            fields = (field for receipt in some for field in receipt.fields())
            await self._run("publish", STREAM, oldest, *fields)

    async def forget(self, now: int) -> None:
        """Drop what has waited for a week at this moment (ms), also where nothing new comes.

        Raises:
            Unavailable: Redis does not answer.
        """
        await self._run.together(("XTRIM", STREAM, "MINID", now - REMEMBERED))

    async def since(self, entry: str = "0") -> list[tuple[str, Receipt]]:
        """List up to a hundred receipts after an entry, each with its entry's name.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            found = await self._redis.xrange(STREAM, min=f"({entry}", count=AT_ONCE)
            entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", found)
        except RedisError as error:
            raise Unavailable from error
        return [(name.decode(), Receipt.read(fields)) for name, fields in entries]

    async def join(self, group: str) -> None:
        """Make a group of readers, once; it begins with the oldest receipt that is kept.

        Raises:
            Unavailable: Redis does not answer.
        """
        await readers.join(self._redis, STREAM, group)

    async def take(self, group: str, reader: str) -> list[tuple[str, Receipt]]:
        """Take receipts that nobody else in the group has, also what a reader left that is gone.

        Waits up to two seconds for the first. Each is told again, to whichever reader, until it is
        acknowledged.

        Raises:
            Unavailable: Redis does not answer.
        """
        entries = await readers.take(self._redis, STREAM, group, reader, abandoned=ABANDONED)
        return list(_readable(entries))

    async def waiting(self) -> dict[str, int]:
        """Count the receipts that each group has not acknowledged.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            told = await self._redis.xinfo_groups(STREAM)
        except ResponseError:  # no receipt was ever written
            return {}
        except RedisError as error:
            raise Unavailable from error
        return {one["name"].decode(): one["pending"] + (one.get("lag") or 0) for one in told}

    async def take_up(self, receipt: Receipt) -> Telling:
        """Be the one who tells it: the stream may hold a receipt twice, for two readers at once.

        Raises:
            Unavailable: Redis does not answer.
        """
        # Over before it counts as abandoned: whoever takes it then must not find it taken up.
        lease = ABANDONED * 2 // 3
        wanted = ("SET", TELLING, "NX", "GET", "PX", lease)
        before = await self._run("spare", _told(receipt), *wanted)
        if before is None:
            return Telling.OURS
        return Telling.OTHERS if before == TELLING.encode() else Telling.DONE

    async def put_down(self, receipt: Receipt) -> None:
        """Leave a receipt that could not be told to whoever takes it up again.

        Raises:
            Unavailable: Redis does not answer; it is left in half a minute.
        """
        await self._run.together(("UNLINK", _told(receipt)))

    async def note_told(self, receipt: Receipt) -> None:
        """Note that the sender knows.

        Raises:
            Unavailable: Redis does not answer.
        """
        await self._run("spare", _told(receipt), "SET", 1, "PX", 2 * REMEMBERED)

    async def acknowledge(self, group: str, entry: str) -> None:
        """Tell that a receipt need not be told again.

        Raises:
            Unavailable: Redis does not answer; it will be.
        """
        try:
            await self._redis.xack(STREAM, group, entry)
        except RedisError as error:
            raise Unavailable from error


def _readable(entries: list[tuple[str, dict[bytes, bytes]]]) -> Iterator[tuple[str, Receipt]]:
    """Read entries; what only a newer version understands waits for one, and holds up no other."""
    for name, fields in entries:
        with suppress(KeyError, ValueError):
            yield name, Receipt.read(fields)


def _told(receipt: Receipt) -> str:
    return f"ots:told:{{{receipt.secret_id}}}:{receipt.occasion}"
