"""A user of Redis who may do what is needed and nothing else; one who may do less."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.audit import Act
from core.background import beside
from core.bootstrap import open_vault
from core.clock import now_ms
from core.errors import CannotStart
from core.receipts import Telling
from core.redis_rights import COMMANDS, rule
from core.secret import Kind
from core.sessions import Sessions
from core.settings import Settings
from doctor.finding import Grade
from doctor.storage import storage
from tests.asked import ANN, REF, asked, hand_in, waits
from tests.contents import pieces
from tests.generous import GENEROUS
from tests.page import Page, Shared
from tests.redis.servers import Server, one_server

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from core.bootstrap import House
    from tests.conftest import Web

PASSWORD = "s3cret"
SECRET_KEY = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItMTI="
LARGE = "not in its record " * 1000
DOCS = Path(__file__).parents[2] / "docs/redis.md"


async def ordered(server: Server, order: str) -> Any:
    answer: Any = server.redis.execute_command(*order.split())  # type: ignore[no-untyped-call]
    return await answer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """Run a Redis that knows our user."""
    async with one_server(tmp_path / "redis") as server:
        await ordered(server, rule(PASSWORD))
        yield server


@pytest.fixture
def settings(server: Server, tmp_path: Path, listening: socket.socket) -> Settings:
    """Come as that user."""
    given = {
        "DATA_DIR": str(tmp_path / "data"),
        "PUBLIC_URL": f"http://localhost:{listening.getsockname()[1]}",
        "REDIS_URL": f"redis://onetimeshare:{PASSWORD}@127.0.0.1:{server.port}",
        "MIN_FREE_DISK": "0",
        "BLOBS_URL": "redis:",  # which needs more than others do
        "SECRET_KEY": SECRET_KEY,
    }
    return Settings.parse(GENEROUS | given)


async def test_user_who_may_do_the_least_does_everything(
    web: Web, client: ClientSession, server: Server
) -> None:
    """Pages, senders, requests, operator, sweep and doctor are all done, and nothing is refused."""
    await people(web, client)
    await senders(web.house)
    await requests(web.house)
    await operator(web.house)
    await sweep(web.house)
    found = await storage(web.settings)
    assert [str(one) for one in found if one.grade is Grade.BAD] == []
    # Its appendfsync Redis tells to its administrators only, and we can do without.
    assert {one["object"] for one in await server.redis.acl_log()} == {"config|get"}


async def people(web: Web, client: ClientSession) -> None:
    first = await Shared.hand_in(client, web.url, text=LARGE)
    page = Page(client, web.url, first.link)
    statuses = [(await step()).status for step in (page.peek, page.open, page.data, page.done)]
    assert statuses == [200, 200, 200, 204]
    locked = await Shared.hand_in(client, web.url, text="text", password=PASSWORD)
    page = Page(client, web.url, locked.link)
    assert (await page.open(password="wrong")).status == 403
    assert (await locked.unlock()).status == 204
    assert (await page.download(password=PASSWORD)).status == 200
    last = await Shared.hand_in(client, web.url, text="text")
    assert (await last.revoke()).status == 204


async def senders(house: House) -> None:
    owner, control = house.vault.owner(ANN), house.vault.control
    async with house.creations.once("door", "event", ["part"]):
        sealed = await house.vault.seal(pieces(b"text"), kind=Kind.TEXT, owner=owner)
    assert await house.creations.answered("door", "part")
    link = sealed.link
    await control.refer(link.id, owner, REF)
    await control.reschedule(link.id, owner, timedelta(hours=1))
    await control.rewrap(link.id, link.key, owner, password=PASSWORD)
    assert len(await control.secrets(owner)) == 1
    assert await control.forget(owner) == 1
    await house.receipts.join("door")
    await house.outbox.flush()
    for entry, receipt in await house.receipts.take("door", "reader"):
        assert await house.receipts.take_up(receipt) is Telling.OURS
        await house.receipts.put_down(receipt)
        assert await house.receipts.take_up(receipt) is Telling.OURS
        await house.receipts.note_told(receipt)
        await house.receipts.acknowledge("door", entry)
    assert await house.receipts.waiting() == {"door": 0}
    assert await house.receipts.since()


async def requests(house: House) -> None:
    await house.handed.join(REF.door)
    invited = await asked(house)
    await hand_in(house, invited)
    [(entry, name)] = await house.handed.take(REF.door, "reader")
    assert await waits(house, invited) == b"content"
    await house.handed.delivered(name, REF.door, entry)
    other, owner = await asked(house), house.vault.owner(ANN)
    await house.invitations.amend(
        other.id, owner, (await house.invitations.of_owner(owner))[0].asking
    )
    await house.invitations.revoke(other.id, owner)
    await house.invitations.forget(owner)
    await house.handed.drop(REF.door, entry)


async def operator(house: House) -> None:
    sessions = Sessions(house.scripts, "hash")
    token = await sessions.begin()
    assert await sessions.lives(token)
    await sessions.end(token)
    await house.audit.note(Act.LOGIN)
    assert [entry async for entry in house.audit.entries()]
    await house.heartbeats.note("door")
    assert await house.heartbeats.last()
    await house.statistics.flush()
    assert await house.statistics.hours()
    await house.inventory.alive()
    await house.inventory.page()
    await house.notes.write("name", "text")
    assert await house.notes.read("name") == "text"
    assert await house.readiness.look()


async def sweep(house: House) -> None:
    async with beside(house.sweeper.run()):
        await house.sweeper.sweep()
        await house.receipts.forget(now_ms())
    async with house.redis.lock("ots:lock", timeout=1):
        pass


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ("-hset -script", "may not do script|load, hset: see docs/redis.md"),
        ("resetkeys ~other:*", "may not touch all keys ots:*"),
        (">another <s3cret", "does not know the user or the password"),
        ("-ping", "may do too little, see docs/redis.md"),
    ],
)
async def test_missing_right_is_told_at_the_start(
    settings: Settings, server: Server, order: str, told: str
) -> None:
    """What is missing is named, and the password is not."""
    await ordered(server, f"ACL SETUSER onetimeshare {order}")
    with pytest.raises(CannotStart) as refused:
        async with open_vault(settings):
            pass
    assert told in refused.value.reason
    assert PASSWORD not in refused.value.reason


def test_every_command_of_the_scripts_is_among_the_rights() -> None:
    """A script that comes to need another command is not refused on an operator's Redis."""
    texts = [
        file.read_text() for file in files("core.scripts").iterdir() if file.name[-4:] == ".lua"
    ]
    used = {name for text in texts for name in re.findall(r"redis\.call\('([A-Z]+)'", text)}
    assert len(used) > 10
    assert {name.lower() for name in used} <= set(COMMANDS)


def test_docs_say_how_to_make_the_user() -> None:
    """docs/redis.md holds the very order, and what a cluster needs beyond it."""
    assert rule("PASSWORD") in DOCS.read_text()
    more = rule("PASSWORD", cluster=True).removeprefix(rule("PASSWORD"))
    assert more.strip() in DOCS.read_text()
