"""The same server without latch and without durability: what those two cost is the difference."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

import onetimeshare
from core import bootstrap
from core.blobs.filesystem import FileBlobs
from core.logs import set_up_logs
from core.settings import Settings
from tests.benchmarks.external import external_redis
from tests.generous import GENEROUS
from web.app import serve

if TYPE_CHECKING:
    from core.link import SecretId


async def unlatched(
    self: FileBlobs,
    secret_id: SecretId,
    limit: int,
    claim: str,
) -> str:
    """Tell whoever asks to be the winner."""
    return claim


async def main() -> None:
    """Serve in the current folder until ended."""
    os.fsync = lambda _: None  # type: ignore[assignment]
    FileBlobs.latch = unlatched  # type: ignore[method-assign]
    folder = Path.cwd() / "data"
    async with external_redis(folder) as url:
        settings = Settings.parse(
            GENEROUS | {"PORT": os.environ["PORT"], "DATA_DIR": str(folder), "REDIS_URL": url}
        )
        async with bootstrap.open_vault(settings) as house, serve(house, settings):
            await asyncio.Event().wait()


if __name__ == "__main__":
    set_up_logs("careless")
    uvloop.run(onetimeshare._until_stopped(main()))
