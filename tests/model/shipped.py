"""What ships, one atomic step at a time: the Lua on a real Redis, the latch on a real disk.

A step depends on nothing but the record (or the files) and its arguments, as the clock stands
still: so each distinct step is executed once, and remembered. Time passes by the model's own moves,
which set a deadline of the record to the past.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from redis import Redis
from redis.exceptions import RedisError

from core.blobs.latches import ENDING, holder, take
from core.redis_server import find_server
from core.scripts.script import ON_OTHERS, ON_RECORDS, source
from tests.clock import standing_still

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

A = TypeVar("A")

NOW = 4_000_000_000_000  # later than any test runs, so that nothing vanishes by itself
VANISHES = "vanishes"  # beside the record's own fields: when Redis drops it, -1 for never
ID = "id"
KEY = "ots:{id}"


@dataclass(frozen=True, slots=True)
class Files:
    """What the disk holds of a secret: the sealed bytes, and the latch with its holder."""

    blob: bool = False
    latch: str | None = None


class Record:
    """A record's fields; two records with the same ones are the same object."""

    __slots__ = ("fields",)
    _known: ClassVar[dict[frozenset[tuple[str, str]], Record]] = {}

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields

    @classmethod
    def of(cls, fields: dict[str, str]) -> Record:
        return cls._known.setdefault(frozenset(fields.items()), cls(fields))

    def but(self, **changes: int) -> Record:
        """Let some fields be others."""
        return Record.of(self.fields | {name: str(value) for name, value in changes.items()})


NOTHING = Record.of({})  # no record at all


@contextmanager
def volatile_redis() -> Iterator[Redis]:
    """Run a Redis that keeps nothing: the model says itself what was lost."""
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        command = [find_server(), "--port", "0", "--unixsocket", socket, "--save", ""]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:  # noqa: S603 - as shipped
            redis = Redis(unix_socket_path=socket, decode_responses=True)
            try:
                _wait_for(redis)
                yield redis
            finally:
                redis.close()
                server.terminate()


def _wait_for(redis: Redis) -> None:
    for _ in range(1000):
        try:
            redis.ping()
        except RedisError:
            time.sleep(0.01)
        else:
            return
    redis.ping()


class Shipped:
    """The scripts and the latch; `changes` replaces text of a script, to see that it is caught."""

    def __init__(
        self, redis: Redis, folder: Path, changes: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self._redis = redis
        self._folder = folder
        self._sources = {name: source(name) for name in (*ON_RECORDS, *ON_OTHERS)}
        for name, (old, new) in (changes or {}).items():
            if old not in self._sources[name]:
                raise ValueError(name)
            self._sources[name] = self._sources[name].replace(old, new)
        self._shas = {
            name: str(redis.script_load(standing_still(NOW, text)))
            for name, text in self._sources.items()
        }
        self._steps: dict[object, Any] = {}

    @property
    def executed(self) -> int:
        """How many distinct steps were really executed."""
        return len(self._steps)

    def run(self, record: Record, script: str, *arguments: str | int) -> tuple[Record, list[Any]]:
        """Run a script on a record (or a mark): what it leaves, and what it answers."""
        step = (record, script, arguments)
        if step not in self._steps:
            self._steps[step] = self._run(record, script, arguments)
        left, answer = self._steps[step]
        return left, answer

    def _run(
        self, record: Record, script: str, arguments: tuple[str | int, ...]
    ) -> tuple[Record, list[Any]]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.delete(KEY)
        if record is not NOTHING:
            vanishes = int(record.fields[VANISHES])
            pipe.hset(KEY, mapping={k: v for k, v in record.fields.items() if k != VANISHES})
            if vanishes >= 0:
                pipe.pexpireat(KEY, vanishes)
        pipe.evalsha(self._shas[script], 1, KEY, *arguments)
        pipe.hgetall(KEY)
        pipe.pexpiretime(KEY)
        *_, told, fields, vanishes = pipe.execute()
        answer = told if script in ON_OTHERS else told[0]
        if not isinstance(answer, list):
            answer = [answer]
        left = Record.of(fields | {VANISHES: str(vanishes)}) if fields else NOTHING
        return left, answer

    def latch(self, files: Files, wanted: str) -> tuple[Files, str]:
        """Take the latch; answers who holds it."""
        return self._on_disk(files, take, wanted)

    def holder(self, files: Files) -> str | None:
        """Say who holds the latch."""
        return self._on_disk(files, holder)[1]

    def _on_disk(self, files: Files, call: Callable[..., A], *arguments: str) -> tuple[Files, A]:
        step = (files, call, arguments)
        if step not in self._steps:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir()
            latch = self._folder / (ID + ENDING)
            if files.latch is not None:
                latch.symlink_to(files.latch)
            answer = call(latch, *arguments)
            self._steps[step] = replace(files, latch=holder(latch)), answer
        found: tuple[Files, A] = self._steps[step]
        return found
