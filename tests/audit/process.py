"""Running a tool of Node.js to its end."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

LIMIT = 120.0  # seconds


async def told(*command: str, **environment: str) -> Any:
    """Run a command and read the JSON that it prints."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, stderr=pipe, env={**os.environ, **environment}
    )
    try:
        async with asyncio.timeout(LIMIT):
            output, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, complaint.decode()[-2000:]
    return json.loads(output)
