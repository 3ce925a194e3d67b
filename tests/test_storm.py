"""Many at once over two web processes on one Redis: one receives it, and nobody else a byte."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import ClientSession, TCPConnector

from tests.test_process import free_port, ready, running, shared

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 10
AT_ONCE = 200


async def test_of_two_hundred_openings_on_two_processes_one_succeeds(tmp_path: Path) -> None:
    """In every round exactly one call of all receives the text; the others learn why not."""
    ports = [str(free_port()) for _ in range(2)]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    async with (
        running(tmp_path, "run", PORT=ports[0]),
        ClientSession(connector=TCPConnector(limit=AT_ONCE)) as client,
    ):
        await ready(client, urls[0])
        async with running(tmp_path, "web", PORT=ports[1]):
            await ready(client, urls[1])
            for number in range(ROUNDS):
                link = await shared(client, urls[number % 2], f"round {number}")
                fields = {"key": link.key.reveal()}

                async def call(turn: int) -> tuple[int, str]:
                    at = f"{urls[turn % 2]}/d/{link.id}"  # noqa: B023 - awaited in this round
                    async with client.post(at, json=fields) as answer:  # noqa: B023 - same
                        return answer.status, await answer.text()

                answers = await asyncio.gather(*(call(turn) for turn in range(AT_ONCE)))
                assert [text for status, text in answers if status == 200] == [f"round {number}"]
                assert {status for status, _ in answers} <= {200, 409, 410}
