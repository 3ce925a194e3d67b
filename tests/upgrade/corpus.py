"""A Redis and a folder of blobs, as a text that can be kept, and laid down again later.

Limits in it are far away, as keys are bound to them. What happened shortly before it was taken, and
what is over soon after, is moved: it lies as far from now as it lay from then.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

HERE = Path(__file__).parent
FAR = 3_000_000_000_000  # ms, in 2065: what lies beyond is no matter of hours
HOUR = 60 * 60 * 1000
MOMENTS = {b"created", b"opened", b"touched", b"lease", b"ended", b"kept", b"till", b"until"}
NOT_KEPT = ("ots:limit:", "ots:sweeper")
LATCH = ".latch"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text)


async def take(redis: Redis, blobs: Path) -> dict[str, Any]:
    """Write down everything that lies in Redis and in the folder."""
    names = sorted(bytes(key) for key in await redis.keys())  # type: ignore[arg-type]  # not decoded
    kept = [name for name in names if not name.decode().startswith(NOT_KEPT)]
    return {
        "taken": round(time.time() * 1000),
        "redis": [await _value(redis, name) for name in kept],
        "blobs": await asyncio.to_thread(_files, blobs),
    }


def _files(folder: Path) -> dict[str, str]:
    """List the blobs by their bytes, and the latches by who holds them."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = str(path.readlink())
        elif path.is_file():
            found[str(path.relative_to(folder))] = _text(path.read_bytes())
    return found


async def _value(redis: Any, name: bytes) -> dict[str, Any]:
    kind = (await redis.type(name)).decode()
    value: Any
    if kind == "string":
        value = _text(await redis.get(name))
    elif kind == "hash":
        value = {_text(k): _text(v) for k, v in sorted((await redis.hgetall(name)).items())}
    elif kind == "zset":
        found = await redis.zrange(name, 0, -1, withscores=True)
        value = {_text(member): int(score) for member, score in found}
    else:
        value = {
            "groups": [_text(one["name"]) for one in await redis.xinfo_groups(name)],
            "entries": [
                [at.decode(), {_text(k): _text(v) for k, v in fields.items()}]
                for at, fields in await redis.xrange(name)
            ],
        }
    vanishes = await redis.pexpiretime(name)
    return {"key": _text(name), "kind": kind, "value": value, "vanishes": vanishes}


class Laying:
    """Lays a corpus down as if it had been taken just now."""

    def __init__(self, corpus: dict[str, Any]) -> None:
        self._corpus = corpus
        self._later = round(time.time() * 1000) - corpus["taken"]

    def _moved(self, moment: int) -> int:
        return moment + self._later if moment < FAR else moment

    def folder(self, folder: Path) -> None:
        """Make a data folder: the server's key, the blobs and the latches."""
        folder.mkdir(mode=0o700)
        (folder / "secret.key").write_text(self._corpus["secret key"])
        self._blobs(folder / "blobs")

    def _blobs(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        for name, said in self._corpus["blobs"].items():
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if name.endswith(LATCH):
                path.symlink_to(said)
            else:
                path.write_bytes(_raw(said))

    async def redis(self, redis: Any) -> None:
        """Fill an empty Redis."""
        for one in self._corpus["redis"]:
            name, value = self._name(_raw(one["key"])), one["value"]
            if one["kind"] == "string":
                await redis.set(name, _raw(value))
            elif one["kind"] == "hash":
                await redis.hset(name, mapping=dict(map(self._field, value.items())))
            elif one["kind"] == "zset":
                scores = {_raw(member): self._moved(score) for member, score in value.items()}
                await redis.zadd(name, scores)
            else:
                await self._stream(redis, name, value)
            if one["vanishes"] > 0:
                await redis.pexpireat(name, self._moved(one["vanishes"]))

    def _name(self, name: bytes) -> bytes:
        hour = re.fullmatch(rb"ots:hour:(\d+)", name)
        return b"ots:hour:%d" % (int(hour[1]) + self._later // HOUR) if hour else name

    def _field(self, pair: tuple[str, str]) -> tuple[bytes, bytes]:
        name, value = map(_raw, pair)
        return name, b"%d" % self._moved(int(value)) if name in MOMENTS else value

    async def _stream(self, redis: Any, name: bytes, value: dict[str, Any]) -> None:
        for entry, fields in value["entries"]:
            at, _, nth = entry.partition("-")
            told = {_raw(k): _raw(v) for k, v in fields.items()}
            await redis.xadd(name, told, id=f"{self._moved(int(at))}-{nth}")
        for group in value["groups"]:
            await redis.xgroup_create(name, _raw(group), id="0", mkstream=True)
