"""How much is measured: all of it, a quick look, or just enough to see that it works."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """`seconds` is how long each server is asked in each round; `sizes` maps bytes to rounds."""

    rounds: int
    seconds: float
    clients: tuple[int, ...]
    processes: tuple[int, ...]
    replicas: tuple[int, ...]
    sizes: dict[int, int]
    cipher: int  # bytes
    rest: float  # seconds until a process counts as resting
    transfers: int
    transfer: int  # bytes
    stored: tuple[int, ...]
    fill_within: float  # seconds


FULL = Scale(
    rounds=5,
    seconds=1.0,
    clients=(1, 16, 64),
    processes=(1, 2),
    replicas=(1, 2, 4),
    sizes={MB: 24, 20 * MB: 8, 100 * MB: 6, 1000 * MB: 2},
    cipher=64 * MB,
    rest=3.0,
    transfers=100,
    transfer=8 * MB,
    stored=(10, 10_000, 1_000_000),
    fill_within=180.0,
)
QUICK = Scale(
    rounds=4,
    seconds=0.25,
    clients=(1, 64),
    processes=(1, 2),
    replicas=(1, 2),
    sizes={MB: 8, 100 * MB: 4},
    cipher=16 * MB,
    rest=2.0,
    transfers=100,
    transfer=2 * MB,
    stored=(10, 10_000),
    fill_within=20.0,
)
TINY = Scale(
    rounds=1,
    seconds=0.02,
    clients=(2,),
    processes=(1,),
    replicas=(1,),
    sizes={MB: 1},
    cipher=MB,
    rest=0.1,
    transfers=4,
    transfer=100_000,
    stored=(10,),
    fill_within=2.0,
)
