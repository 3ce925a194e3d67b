"""Of several processes one sweeps at a time, and when it dies another one does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.contents import until
from tests.replicas.fleet import fleet

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientSession

# Rounds often, looks oftener, and a death that is noticed soon.
HURRY = {"core.sweeper.EVERY": 1, "core.sweeper.OFTEN": 0.2, "core.sweeper.LEASE": 3}


async def test_one_sweeps_at_a_time_and_another_when_it_dies(
    tmp_path: Path, client: ClientSession
) -> None:
    """Rounds of three processes never overlap; one that is killed in its round is succeeded."""
    sweeps = tmp_path / "sweeps"

    def rounds() -> list[tuple[str, str]]:
        lines = sweeps.read_text().splitlines() if sweeps.exists() else []
        return [(pid, what) for _, pid, what in (line.split() for line in lines)]

    async with fleet(tmp_path) as running:
        await running.web(client, 3, HURRY=json.dumps(HURRY), SWEEPS=str(sweeps))
        await until(lambda: len(rounds()) > 6 and rounds()[-1][1] == "begins")
        killed, _ = rounds()[-1]
        [victim] = [web for web in running.webs if str(web.process.pid) == killed]
        await victim.kill()
        seen = len(rounds())
        await until(lambda: len(rounds()) > seen + 1)
    told = rounds()
    assert told[seen - 1] == (killed, "begins")
    orderly = told[: seen - 1] + told[seen:]
    for begins, ends in zip(orderly[::2], orderly[1::2], strict=False):
        assert (begins[1], ends) == ("begins", (begins[0], "ends"))
    assert killed not in {pid for pid, _ in told[seen:]}
