"""A store of blobs by its address, opened as the product opens it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core.blobs.opening import open_blobs
from core.settings import Settings
from tests.fakes.s3 import KEYS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.blobs import Blobs

LARGEST = 16 * 1024 * 1024  # bytes
SERVER_KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ="


def at(url: str, **more: str) -> Settings:
    """Give the defaults with blobs at this address."""
    return Settings.parse({**KEYS, "BLOBS_URL": url, "SECRET_KEY": SERVER_KEY, **more})


def prefix(url: str) -> str:
    """Tell what the names of all objects of this store begin with."""
    return at(url).blobs.prefix


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Blobs]:
    """Open the store for the block."""
    blobs = await open_blobs(at(url).blobs, LARGEST)
    try:
        yield blobs
    finally:
        await blobs.aclose()
