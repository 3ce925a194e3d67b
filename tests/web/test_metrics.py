"""What Prometheus is told: true figures, few labels, on a port of its own."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from core.errors import Corrupt, SourceFailed
from core.link import SecretId
from core.secret import Kind
from tests.test_process import opened, shared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from core.bootstrap import House
    from tests.conftest import Web
    from tests.scrape import Scrape


async def test_figures_follow_what_happens(web: Web, client: ClientSession, scrape: Scrape) -> None:
    """A secret that is sealed and opened shows in every figure that it touches."""
    await scrape.becomes(0, "blob_stored_bytes")
    assert await scrape("secrets_sealed_total", door="web") == 0
    link = await shared(client, web.url, "x" * 10_000)
    assert await scrape("secrets_alive") == 1
    assert await opened(client, web.url, link) == "x" * 10_000
    async with client.post(f"{web.url}/s/{link.id}/done") as answer:
        assert answer.status == 400
    await web.house.outbox.flush()
    assert await scrape("secrets_sealed_total", door="web") == 1
    assert await scrape("content_bytes_total", direction="in") == 10 * 1024
    assert await scrape("content_bytes_total", direction="out") == 10 * 1024
    for method, route, status in (("POST", "/upload", "201"), ("POST", "/s/{id}/done", "400")):
        labels = {"method": method, "route": route, "status": status}
        assert await scrape("http_requests_total", **labels) == 1
    assert await scrape("blob_step_duration_seconds_count", step="put") == 1
    assert await scrape("blob_step_duration_seconds_count", step="latch") == 1
    assert (await scrape("redis_trip_duration_seconds_count") or 0) > 2
    assert (await scrape("blob_free_bytes") or 0) > 0
    assert await scrape("ready", part="durable") == 1
    assert await scrape("password_checks") == 0
    async with asyncio.timeout(10):
        while not await scrape("event_loop_tasks"):
            await asyncio.sleep(0.05)
    assert "process_resident_memory_bytes" in scrape.text


async def test_nothing_that_is_told_names_anybody(
    web: Web, client: ClientSession, scrape: Scrape
) -> None:
    """Ids, keys, addresses and made-up methods and paths leave no label behind."""
    link = await shared(client, web.url, "x")
    for method, path in (("GET", f"/nowhere/{link.key.reveal()}"), ("PROPFIND", f"/s/{link.id}")):
        async with client.request(method, web.url + path) as answer:
            assert answer.status in {400, 404, 405}
    await opened(client, web.url, link)
    await scrape("ready", part="redis")
    for secret in (str(link.id), link.key.reveal(), "nowhere", "PROPFIND", "127.0.0.1"):
        assert secret not in scrape.text
    ours = [line for line in scrape.text.splitlines() if line.startswith("onetimeshare_")]
    assert len(ours) < 400
    assert set(re.findall(r'[{,](\w+)="', "\n".join(ours))) <= {
        *("method", "route", "status", "le", "step", "part", "door", "event", "outcome"),
        *("direction", "limit"),
    }


async def test_public_port_has_no_metrics(web: Web, client: ClientSession) -> None:
    """Whoever visits the page learns nothing of the figures."""
    async with client.get(f"{web.url}/metrics") as answer:
        assert answer.status == 404


async def test_broken_upload_is_no_failure_of_the_store(house: House, scrape: Scrape) -> None:
    """Whoever stops sending spoils no figure of the blob store, and their pauses don't count."""

    async def breaks_off() -> AsyncIterator[bytes]:
        yield bytes(400_000)
        await asyncio.sleep(0.3)
        raise SourceFailed

    with pytest.raises(SourceFailed):
        await house.vault.seal(breaks_off(), kind=Kind.FILE, name="a")
    assert await scrape("blob_step_failures_total", step="put") == 0
    assert (await scrape("blob_step_duration_seconds_sum", step="put") or 1) < 0.25
    with pytest.raises(Corrupt):
        async with house.blobs.open(SecretId.random(), 4_000_000_000_000):
            pass
    assert await scrape("blob_step_failures_total", step="open") == 1
