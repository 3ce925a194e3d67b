"""What stays in Redis and on the disk when everything is over, and for how long."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.soak.watch import lying

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis.asyncio import Redis

DAY = 24 * 60 * 60  # seconds
# Kinds of keys of which some stay for good: how many, however much was shared.
LASTING = {
    "ots:key-check": 1,
    "ots:doors": 1,
    "ots:receipts": 1,
    "ots:audit": 1,
    "ots:format:…": 3,
    "ots:note:…": 5,
    "ots:hour:…": 3,
    "ots:{inv}:handed:…": 2,
}
# Seconds that others may have to live, where that is more than a secret and its note can have.
LONGEST = {"ots:told:…": 14 * DAY, "ots:hour:…": 91 * DAY}


@dataclass(frozen=True, slots=True)
class Kept:
    """Keys of one kind: how many, the longest any still has (seconds; -1: for good), bytes."""

    kind: str
    count: int
    longest: int
    size: int


async def kept(redis: Redis) -> list[Kept]:
    """Look at every key."""
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    async for key in redis.scan_iter(count=1000):
        name = kind_of(key.decode(errors="replace"))
        found[name].append((await redis.ttl(key), await redis.memory_usage(key) or 0))
    return [
        Kept(
            kind,
            len(keys),
            -1 if any(left < 0 for left, _ in keys) else max(left for left, _ in keys),
            sum(size for _, size in keys),
        )
        for kind, keys in sorted(found.items())
    ]


def kind_of(name: str) -> str:
    """Name what kind of key it is, without what names a secret or a person."""
    if re.fullmatch(r"ots:\{[\w-]{22}\}", name):
        return "ots:{…}"
    if re.fullmatch(r"ots:\{inv\}:[\w-]{22}", name):
        return "ots:{inv}:…"
    plain = re.sub(r"\{[\w-]{22}\}", "{…}", name)
    head = ":".join(plain.split(":")[: 3 if "{inv}" in plain else 2])
    return name if name in LASTING else f"{head}:…"


def unbounded(keys: list[Kept]) -> Iterator[str]:
    """Name kinds that would grow for good: those of which neither the count nor the life ends."""
    for one in keys:
        if one.kind in LASTING:
            if one.count > LASTING[one.kind]:
                yield f"{one.kind}: {one.count}"
        elif one.longest < 0 or one.longest > LONGEST.get(one.kind, 9 * DAY):
            yield f"{one.kind}: {one.count} with {one.longest} s to live"


async def over(redis: Redis, limit: float) -> list[str]:
    """Wait until nothing is due any more: every secret is over, also those that nobody knows of.

    Answer what is left of the index.
    """
    left: list[str] = []
    try:
        async with asyncio.timeout(limit):
            while left := [key.decode() async for key in redis.scan_iter("ots:due:*")]:
                await asyncio.sleep(1)
    except TimeoutError:
        pass
    return left


async def on_disk(folder: Path) -> tuple[int, int]:
    """Count the files of the blob store, and their bytes: latches have none."""
    return await asyncio.to_thread(lying, folder)
