"""Redis fails for longer than anybody waits: that is told in time, and nothing is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bots.share import Share, Submission, text_content
from core.creations import Creations
from core.errors import Unavailable
from core.link import Claim
from core.record import index_key, record_key
from core.redis_connection import CONNECTIONS
from core.scripts import PATIENCE
from core.secret import Kind, Sender, State
from tests.contents import gathered
from tests.faults.conftest import PASSWORD, calls_of
from tests.faults.kinds import ALL, AllDropped, AllReset, BlackHole, Each
from tests.faults.proxy import Fault
from tests.page import Page, Shared, Told, hand_in
from tests.storms.conftest import SOAK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.faults.proxy import Proxy

# A call waits for a round trip under way, then makes its own; as much again for a busy machine.
BOUND = 4 * PATIENCE
MORE_THAN_A_PIECE = 60_000  # times five bytes


async def in_time(call: Callable[[], Awaitable[Told]]) -> Told:
    async with asyncio.timeout(BOUND):
        return await call()


async def all_fail(calls: dict[str, Callable[[], Awaitable[Told]]]) -> None:
    """See each call told, in time, that it can't be done just now."""
    told = await asyncio.gather(*(in_time(call) for call in calls.values()))
    answers = dict(zip(calls, ((answer.status, answer.problem) for answer in told), strict=True))
    assert answers == dict.fromkeys(calls, (503, "unavailable"))


class Lives:
    """Secrets on which every step is about to be done."""

    def __init__(self, web: Web, client: ClientSession) -> None:
        self.web = web
        self.client = client
        self.pages: dict[str, Page] = {}

    async def prepare(self) -> None:
        for step in ("claim", "attempt", "release", "done", "revoke"):
            more = {"password": PASSWORD} if step == "attempt" else {}
            self.shared = await Shared.hand_in(self.client, self.web.url, text=step, **more)
            self.pages[step] = Page(self.client, self.web.url, self.shared.link)
        await self.pages["release"].open()
        await self.pages["done"].open()
        await self.pages["done"].data()

    async def create(self) -> Told:
        return await hand_in(self.client, self.web.url, {"text": "created"})

    async def attempt(self) -> Told:
        return await self.pages["attempt"].open(password=PASSWORD)

    async def revoke(self) -> Told:
        return await self.shared.revoke()

    @property
    def calls(self) -> dict[str, Callable[[], Awaitable[Told]]]:
        return {
            "create": self.create,
            "claim": self.pages["claim"].open,
            "attempt": self.attempt,
            "release": self.pages["release"].data,
            "done": self.pages["done"].done,
            "revoke": self.revoke,
        }


@pytest.fixture
async def lives(web: Web, client: ClientSession) -> Lives:
    """Do every step once, so that Redis knows the scripts, then prepare."""
    first, lives = Lives(web, client), Lives(web, client)
    await first.prepare()
    for call in first.calls.values():
        assert (await call()).status < 300
    await lives.prepare()
    return lives


@pytest.mark.parametrize("kind", ALL if SOAK else ALL[:1], ids=lambda kind: kind.__name__)
async def test_step_that_failed_for_good_is_asked_again_and_done(
    lives: Lives, redis_side: Proxy, kind: type[Fault]
) -> None:
    """Told 503 in time, done or not: afterwards the same call succeeds, with the same claim."""
    calls, pages, kept = lives.calls, lives.pages, blobs(lives.web)
    for step, call in calls.items():  # one by one, as calls that share a round trip share its fate
        redis_side.fault = fault = Each(calls_of(step), kind())
        await all_fail({step: call})
        assert fault.struck, step
        assert redis_side.lines <= CONNECTIONS
    redis_side.fault = Fault()

    late = Page(lives.client, lives.web.url, pages["release"].link)
    assert (await late.download()).problem in {"taken", "gone"}
    assert blobs(lives.web) == kept, "of what was not created nothing stays"
    told = {step: await call() for step, call in calls.items()}
    assert {step: answer.status // 100 for step, answer in told.items()} == dict.fromkeys(calls, 2)
    created = Shared.of(lives.client, lives.web.url, told["create"])
    pages["create"] = Page(lives.client, lives.web.url, created.link)
    await pages["create"].open()
    for step, text in (("claim", b"claim"), ("attempt", b"attempt"), ("create", b"created")):
        assert (await pages[step].data()).status == 200, step
        assert pages[step].received == text
    assert pages["release"].received == b"release"
    assert (await pages["revoke"].download()).more["state"] == "revoked"
    assert late.received == b""


async def test_script_without_a_claim_is_given_the_one_that_may_have_won(
    web: Web, client: ClientSession, redis_side: Proxy
) -> None:
    """Redis goes after the latch: the answer carries the claim, and the repeat with it succeeds."""
    text = "once " * MORE_THAN_A_PIECE
    shared = await Shared.hand_in(client, web.url, text=text)
    first = await Shared.hand_in(client, web.url, text=text)  # so that Redis knows the scripts
    assert (await Page(client, web.url, first.link).download()).status == 200
    url, fields = f"{web.url}/d/{shared.id}", {"key": shared.key.reveal()}
    redis_side.fault = Each(calls_of("release"), ALL[0]())
    async with client.post(url, json=fields) as answer:
        told = await Told.read(answer)
    redis_side.fault = Fault()
    assert (told.status, told.problem) == (503, "unfinished")
    async with client.post(url, json={**fields, "claim": told.more["claim"]}) as answer:
        assert (answer.status, await answer.read()) == (200, text.encode())


async def test_who_has_it_in_one_piece_keeps_it_though_redis_never_heard(
    web: Web, client: ClientSession, redis_side: Proxy
) -> None:
    """Redis goes while the bytes do: they are there, and a sweep learns of it from the latch."""
    shared = await Shared.hand_in(client, web.url, text="once")
    vault, redis, record = web.house.vault, web.house.redis, record_key(shared.id)
    redis_side.fault = Each(calls_of("burn"), AllReset())
    with pytest.raises(Unavailable):
        async with vault.take(shared.id, shared.key, Claim.random(), once=True) as (delivery, _):
            assert (await gathered(delivery)).startswith(b"once")
    redis_side.fault = Fault()
    assert await redis.hget(record, "state") == b"claimed"
    await redis.hset(record, "lease", "0")
    await redis.zadd(index_key(shared.id), {shared.id.raw: 0})
    await web.house.sweeper.look()
    assert await redis.hget(record, "state") == b"opened"
    assert (await Page(client, web.url, shared.link).open()).more["state"] == "opened"


async def test_stop_while_a_link_is_handed_over_stays_a_stop(web: Web, redis_side: Proxy) -> None:
    """Redis is away while a link that nobody got is abandoned: a repeat of the event ends it."""
    share = Share.of(web.house, web.url)
    sender = Sender("telegram", "42")

    def told() -> Submission:
        return Submission(sender=sender, event="1", kind=Kind.TEXT, content=text_content("once"))

    with pytest.raises(asyncio.CancelledError):  # noqa: PT012 - a door's stop comes in its block
        async with share.handle(told()) as lost:
            redis_side.fault = Each(calls_of("forestall"), AllDropped())
            raise asyncio.CancelledError
    redis_side.fault = Fault()
    quick = Creations(share.creations._run, share.vault.server_key, lease=0.01)
    async with replace(share, creations=quick).handle(told()) as shared:
        assert shared.replaced
    status = await share.vault.control.status(lost.id, share.vault.owner(sender))
    assert status.state == State.REVOKED


def blobs(web: Web) -> int:
    """Count the blobs that hold bytes."""
    files = (path for path in (web.settings.data_dir / "blobs").rglob("*") if path.is_file())
    return sum(file.stat().st_size > 0 for file in files)


async def test_after_a_black_hole_whoever_waited_receives_it_a_lease_later(
    web: Web, client: ClientSession, redis_side: Proxy
) -> None:
    """A page that claimed and never came back takes nothing away; until then it is only held."""
    shared = await Shared.hand_in(client, web.url, text="still there")
    first, other = (Page(client, web.url, shared.link) for _ in range(2))
    assert (await first.open()).status == 200
    redis_side.fault = BlackHole()

    async def ready() -> Told:
        async with client.get(f"{web.url}/readyz") as answer:
            return await Told.read(answer)

    ready_told, *_ = await asyncio.gather(
        in_time(ready), all_fail({"peek": other.peek, "open": other.open, "data": first.data})
    )
    assert ready_told.more["redis"] is False
    redis_side.fault = Fault()
    assert (await other.open()).problem == "taken"
    await web.house.redis.hset(record_key(shared.id), "lease", "0")
    assert (await other.download()).status == 200
    assert other.received == b"still there"
    assert (await first.data()).problem == "gone"
    assert first.received == b""
