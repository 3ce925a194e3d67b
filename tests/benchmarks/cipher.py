"""Seal and open against the cipher alone, in the same process and the same rounds."""

from __future__ import annotations

import os
import time
from statistics import median
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from core import stream
from tests.benchmarks.table import Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.scale import Scale

KEY, NONCE = os.urandom(16), os.urandom(16)


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), stream.CHUNK):
        yield data[start : start + stream.CHUNK]


def _bare(data: bytes) -> float:
    cipher = ChaCha20Poly1305(os.urandom(32))
    started = time.perf_counter()
    for start in range(0, len(data), stream.CHUNK):
        cipher.encrypt(start.to_bytes(12), data[start : start + stream.CHUNK], None)
    return time.perf_counter() - started


async def _seal(data: bytes) -> float:
    started = time.perf_counter()
    async for _ in stream.seal(KEY, _pieces(data), nonce=NONCE):
        pass
    return time.perf_counter() - started


def _open(blob: bytes) -> float:
    started = time.perf_counter()
    chunks = stream.Chunks(KEY, blob[: stream.NONCE], len(blob))
    view = memoryview(blob)
    for index in range(chunks.count):
        offset, length = chunks.span(index, index)
        chunks.open(index, view[offset : offset + length])
    return time.perf_counter() - started


async def run(scale: Scale) -> AsyncIterator[Table]:
    """Give medians in MB/s and their ratio to the bare cipher."""
    data = os.urandom(scale.cipher)
    blob = b"".join([piece async for piece in stream.seal(KEY, _pieces(data), nonce=NONCE)])
    bare, sealing, opening = [], [], []
    for _ in range(scale.rounds):
        bare.append(_bare(data))
        sealing.append(await _seal(data))
        opening.append(_open(blob))
    table = Table(
        "Seal and open in memory",
        f"chunks of 64 KiB, one processor; {scale.rounds} rounds, medians",
        ("what", "MB/s", "of the cipher alone"),
    )
    limit = median(bare)
    for name, took in (("cipher alone", bare), ("seal", sealing), ("open", opening)):
        table.rows.append((name, scale.cipher / 1e6 / median(took), limit / median(took)))
    yield table
