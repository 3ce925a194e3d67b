"""The primary is lost amid the work: another takes over, and no process needs a restart."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import pytest

from core.allowance import OPENS
from core.background import beside
from core.bootstrap import open_vault
from core.clock import now_ms
from core.errors import Gone, Unavailable
from core.link import Claim
from core.receipts import Event, Receipt
from core.record import record_key
from core.redis_address import RedisAddress
from core.redis_connection import connect, pipe_to
from core.scripts import Scripts
from core.secret import Kind
from core.settings import Settings
from tests.contents import pieces, received, until
from tests.generous import GENEROUS
from tests.page import Page, Shared, Told, until_told
from tests.redis.servers import LIMIT, Watched, comes_true, watched
from tests.storms.conftest import one_won, text_of
from tests.test_process import free_port, ready, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp import ClientSession

BEFORE = 40  # secrets that wait when the primary dies
PEOPLE = 3  # who create at once


@dataclass(slots=True)
class Rush:
    """People who never stop creating; what was acknowledged to them, and what else they heard."""

    client: ClientSession
    url: str
    acknowledged: dict[str, Shared] = field(default_factory=dict)
    refused: list[Told] = field(default_factory=list)

    async def run(self) -> None:
        numbers = count()
        async with asyncio.TaskGroup() as group:
            for _ in range(PEOPLE):
                group.create_task(self._create(numbers))

    async def _create(self, numbers: count[int]) -> None:
        for number in numbers:
            text = f"{number} {text_of(number)}"
            async with self.client.post(f"{self.url}/upload", data={"text": text}) as answer:
                told = await Told.read(answer)
                if told.status == 201:
                    self.acknowledged[text] = Shared.of(self.client, self.url, told)
                else:
                    assert told.failed, told
                    assert int(answer.headers["Retry-After"]) > 0
                    self.refused.append(told)
            await asyncio.sleep(0.1)

    async def created_more(self, more: int) -> None:
        """Wait until so many more were acknowledged."""
        enough = len(self.acknowledged) + more
        await until(lambda: len(self.acknowledged) >= enough, LIMIT)


@dataclass(frozen=True, slots=True)
class Service:
    """One web process on a primary that a sentinel watches."""

    redis: Watched
    client: ClientSession
    url: str

    async def opened_once(self, shared: Shared, text: str, opened: list[str]) -> None:
        """Have two people open it, who ask again when they are told to: one gets it, whole."""
        pages = [Page(self.client, self.url, shared.link) for _ in range(2)]
        told = await asyncio.gather(*(until_told(page.download) for page in pages))
        one_won(pages, told, text, text[:20])
        opened.append(text)


@pytest.fixture
async def service(tmp_path: Path, client: ClientSession) -> AsyncIterator[Service]:
    """Start it all on loopback."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(watched(tmp_path / "redis"))
        port = str(free_port())
        process = running(tmp_path, "web", PORT=port, REDIS_URL=redis.url("replicas=1"))
        await stack.enter_async_context(process)
        url = f"http://127.0.0.1:{port}"
        await ready(client, url)
        yield Service(redis, client, url)


async def test_primary_is_killed_amid_creates_and_opens(service: Service) -> None:
    """All that was acknowledged opens, once; who comes meanwhile is told to come again."""
    redis, rush = service.redis, Rush(service.client, service.url)
    texts = [text_of(number) for number in range(BEFORE)]
    waiting = [await Shared.hand_in(service.client, service.url, text=text) for text in texts]
    opened: list[str] = []
    async with beside(rush.run()), asyncio.TaskGroup() as group:
        pairs = [*zip(waiting, texts, strict=True)]
        for shared, text in pairs[: BEFORE // 2]:
            group.create_task(service.opened_once(shared, text, opened))
        await rush.created_more(PEOPLE)
        await until(lambda: len(opened) > 1)
        for shared, text in pairs[BEFORE // 2 :]:
            group.create_task(service.opened_once(shared, text, opened))
        await redis.primary.kill()
        successor = await redis.successor()
        await rush.created_more(2 * PEOPLE)
        await redis.primary.start()
        await comes_true(redis.primary.linked)
        # Until a sentinel told it, it took itself for the primary.
        assert "cmdstat_evalsha" not in await redis.primary.told("commandstats")
    for text, shared in rush.acknowledged.items():
        await service.opened_once(shared, text, opened)
    assert sorted(opened) == sorted([*texts, *rush.acknowledged])
    assert (await successor.told("commandstats"))["cmdstat_evalsha"]["calls"]


async def test_primary_falls_silent_and_comes_back(tmp_path: Path) -> None:
    """Records, stream, lock and limits go on with the next primary, and the old one follows it."""
    async with watched(tmp_path / "redis") as redis:
        given = {"DATA_DIR": str(tmp_path / "data"), "REDIS_URL": redis.url("socket_timeout=1")}
        async with open_vault(Settings.parse(GENEROUS | given)) as house:
            first, second = [await house.vault.seal(pieces(b"text"), kind=Kind.TEXT) for _ in "ab"]
            await received(house.vault, first.link.id, first.link.key, Claim.random())
            lock = house.redis.lock("ots:sweeper", timeout=60)
            await lock.acquire()
            await house.receipts.join("door")
            await house.receipts.publish([Receipt(first.link.id, "end", Event.OPENED, now_ms())])
            [(entry, _)] = await house.receipts.take("door", "reader")
            redis.primary.silence()
            successor = await redis.successor()
            await comes_true(house.readiness.look)
            await house.limits.count(OPENS, "somebody")
            with pytest.raises(Gone):
                await received(house.vault, first.link.id, first.link.key, Claim.random())
            await received(house.vault, second.link.id, second.link.key, Claim.random())
            await house.receipts.acknowledge("door", entry)
            assert await house.receipts.waiting() == {"door": 0}
            await lock.release()
            await house.sweeper.sweep()
            redis.primary.wake()
            await comes_true(redis.primary.linked)
            third = await house.vault.seal(pieces(b"text"), kind=Kind.TEXT)
            assert await successor.redis.exists(record_key(third.link.id))


@pytest.mark.parametrize(("replicas", "how"), [(1, "COORDINATED"), (2, "")])
async def test_primary_hands_over_in_order(tmp_path: Path, replicas: int, how: str) -> None:
    """What was acknowledged is there if it waits for its heir, or all replicas had to have it."""
    done: list[str] = []
    refused: list[Unavailable] = []

    async def write(scripts: Scripts) -> None:
        for number in count():
            try:
                await scripts.together(("SET", f"ots:{number}", 1))
                done.append(f"ots:{number}")
            except Unavailable as error:
                refused.append(error)
            await asyncio.sleep(0.001)

    async with watched(tmp_path) as redis:
        address = RedisAddress.parse(redis.url(f"replicas={replicas}"))
        async with connect(address) as client:
            scripts = Scripts(pipe_to(client, address.replicas))
            async with beside(write(scripts)):
                await until(lambda: done)
                await redis.hand_over(how)
                successor = await redis.successor()
                before = len(done)
                await until(lambda: len(done) > before + PEOPLE)
            assert await successor.redis.exists(*done) == len(done)
            assert not refused or not how
            await scripts.aclose()


async def test_primary_is_left_before_it_learns_that_it_is_none(tmp_path: Path) -> None:
    """One that handed over would take writes, and lose them, until a sentinel tells it."""
    async with (
        watched(tmp_path, telling=5000) as redis,
        connect(RedisAddress.parse(redis.url())) as client,
    ):
        await client.set("ots:before", 1)
        await redis.hand_over()
        successor = await redis.successor()

        async def left() -> bool:
            await client.set("ots:after", 1)
            return bool(await successor.redis.exists("ots:after"))

        await comes_true(left)
        assert (await redis.primary.told("replication"))["role"] == "master"
