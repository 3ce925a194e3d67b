"""Of several processes one sweeps at a time, and when it dies another one does."""

from __future__ import annotations

import json
import signal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tests.contents import until
from tests.replicas.fleet import fleet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import ClientSession

    from tests.replicas.fleet import Fleet

# Rounds often, looks oftener, and a death that is noticed soon.
APART = 0.5  # seconds at least between two rounds, whosesoever
HURRY = {"core.sweeper.EVERY": 1, "core.sweeper.OFTEN": 0.2, "core.sweeper.LEASE": 2}


class Line(NamedTuple):
    """What a round wrote of itself."""

    at: float  # seconds
    pid: str
    what: str


async def test_one_sweeps_at_a_time_and_another_when_it_dies(
    tmp_path: Path, client: ClientSession
) -> None:
    """Rounds of three never overlap nor crowd; one that is killed in its round is succeeded."""
    sweeps = tmp_path / "sweeps"

    def told() -> list[Line]:
        lines = sweeps.read_text().splitlines() if sweeps.exists() else []
        return [Line(float(at), pid, what) for at, pid, what in map(str.split, lines)]

    async with fleet(tmp_path) as running:
        await running.web(client, 3, HURRY=json.dumps(HURRY), SWEEPS=str(sweeps))
        await until(lambda: len(told()) > 5)
        last = await killed_in_its_round(running, told)
        await until(lambda: len(told()) > told().index(last) + 2)
    before, after = told()[: told().index(last)], told()[told().index(last) + 1 :]
    assert last.pid not in {line.pid for line in after}
    for lines in (before, after):
        rounds = list(rounds_of(lines))
        assert all(begun.pid == ended.pid for begun, ended in rounds)
        assert {(begun.what, ended.what) for begun, ended in rounds} == {("begins", "ends")}
        for (_, ended), (begun, _) in pairwise(rounds):
            assert begun.at - ended.at > APART


async def killed_in_its_round(running: Fleet, told: Callable[[], list[Line]]) -> Line:
    """Kill a process that has begun a round and not ended it; answer its last line."""
    while True:
        await until(lambda: told()[-1].what == "begins")
        last = told()[-1]
        [victim] = [web for web in running.webs if str(web.process.pid) == last.pid]
        victim.process.send_signal(signal.SIGSTOP)
        if told()[-1] == last:
            await victim.kill()
            return last
        victim.process.send_signal(signal.SIGCONT)


def rounds_of(lines: list[Line]) -> zip[tuple[Line, Line]]:
    """Put beginnings and ends together; the last may have none yet."""
    return zip(lines[::2], lines[1::2], strict=False)
