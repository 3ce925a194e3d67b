"""The process that ends: `python -m tests.crash.driver <data folder>`.

It imports everything once, and forks for each line that it reads, before a thread or an event loop
exists: the fork opens the house as a second web process does, runs an operation and ends at the
point that the line names. Lines of JSON, both ways: {operation, last, given} in; out what the
operation tells, `at` for the place where it ended or `passed` for its points, and `exit`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING

import core.sweeper
from core.bootstrap import open_vault
from core.errors import OneTimeShareError
from core.settings import Settings
from tests.crash.operations import BY_NAME, Given
from tests.crash.points import Points
from tests.generous import GENEROUS

if TYPE_CHECKING:
    from tests.crash.operations import Operation


def say(what: str, content: str = "") -> None:
    """Write one line, whole: what was written before the end is what the outside world knows."""
    line = json.dumps({"what": what, "content": content}).encode() + b"\n"
    while line:
        line = line[os.write(1, line) :]


async def act(settings: Settings, operation: Operation, given: Given, points: Points) -> None:
    async with open_vault(settings, own_redis=False) as house:
        points.arm()
        try:
            await operation(house, given, say)
        except OneTimeShareError as error:
            say("refused", type(error).__name__)
        await house.outbox.flush()  # it lives on for as long, as a server does


def forked(settings: Settings, line: str) -> None:
    """Do what a line says in a process of its own."""
    told = json.loads(line)
    process = os.fork()
    if process == 0:
        try:
            points = Points(lambda place: say("at", place), *told["last"])
            points.observe()
            asyncio.run(act(settings, BY_NAME[told["operation"]], Given(**told["given"]), points))
            say("passed", json.dumps(points.passed()))
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(process, 0)
    say("exit", str(os.waitstatus_to_exitcode(status)))


def main(folder: str) -> None:
    core.sweeper.UPTIME = 0  # this Redis has run for long enough
    settings = Settings.parse(GENEROUS | {"DATA_DIR": folder})
    for line in sys.stdin:
        forked(settings, line)


if __name__ == "__main__":
    main(sys.argv[1])
