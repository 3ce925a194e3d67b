"""The log's line of each request: written soon, together with others, and none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import ClientSession
from structlog.testing import capture_logs

from tests.contents import until
from web.app import serve

if TYPE_CHECKING:
    from socket import socket

    import pytest

    from core.bootstrap import House
    from core.settings import Settings
    from tests.conftest import Web


async def test_request_is_told_by_route_and_status(web: Web, client: ClientSession) -> None:
    """Method, route, status, time and moment stand in its line, and nothing of its path."""
    with capture_logs() as lines:
        async with client.get(f"{web.url}/s/{'A' * 22}") as answer:
            assert answer.status == 200
        await until(lambda: lines)
    [line] = lines
    assert (line["event"], line["method"], line["route"]) == ("request", "GET", "/s/{id}")
    assert line["status"] == 200
    assert line["ms"] >= 0
    assert line["timestamp"].endswith("Z")
    assert "AAAA" not in str(line)


async def test_nothing_stays_unwritten_at_the_end(
    house: House, settings: Settings, listening: socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was noted and not written yet is written when the server closes."""
    monkeypatch.setattr("web.access.GATHER", 1000.0)
    with capture_logs() as lines:
        async with serve(house, settings, listening) as url, ClientSession() as client:
            async with client.get(f"{url}/healthz") as answer:
                assert answer.status == 200
            assert not [line for line in lines if line["event"] == "request"]
        assert [line["route"] for line in lines if line["event"] == "request"] == ["/healthz"]
