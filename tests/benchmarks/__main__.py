"""`make bench`: figures as ratios to a bare limit measured in the same run."""

from __future__ import annotations

import asyncio

from tests.benchmarks import cipher, requests


async def main() -> None:
    """Run every benchmark."""
    await cipher.run()
    await requests.run()


asyncio.run(main())
