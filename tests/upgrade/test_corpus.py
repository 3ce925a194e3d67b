"""What each format's server has left behind is opened, delivered and ended by the present one.

A corpus (`v1-folder.json`) is what a server wrote; `make.py` says how. It is laid down in a real
Redis and a folder, and the present server is started on it.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from core import stamps
from core.bootstrap import open_vault
from core.draft import token_proof
from core.embedded import embedded_redis
from core.errors import Closed, Duplicate, Gone, Locked, NotFound, Taken, WrongPassword
from core.invitation import InvitationId, Standing, Token
from core.link import Claim, Link, decode
from core.receipts import Event, Telling
from core.secret import Kind, Sender, State
from core.settings import Settings
from core.statistics import total
from tests.asked import handed
from tests.contents import gathered, received
from tests.generous import GENEROUS
from tests.upgrade.corpus import HERE, Laying

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.bootstrap import House

SENDER = Sender("telegram", "42")
FORMATS = [path.stem for path in sorted(HERE.glob("v*.json"))]


@dataclass(frozen=True, slots=True)
class Past:
    """The present server on what an earlier one left."""

    house: House
    known: dict[str, Any]

    def noted(self, name: str, what: str) -> str:
        return str(self.known["secrets"][name][what])

    def link(self, name: str) -> Link:
        return Link.parse(self.noted(name, "link"))

    def claim(self, name: str) -> Claim:
        return Claim.parse(self.noted(name, "claim"))

    @property
    def owner(self) -> bytes:
        return self.house.vault.owner(SENDER)

    @property
    def file(self) -> bytes:
        return bytes.fromhex(self.known["file"])

    async def open(self, name: str, password: str | None = None) -> bytes:
        link = self.link(name)
        return await received(self.house.vault, link.id, link.key, Claim.random(), password)

    async def rest(self, name: str, start: int) -> bytes:
        """Fetch with the ticket that an earlier server gave."""
        wanted = self.link(name).id, self.claim(name), self.noted(name, "ticket")
        async with self.house.vault.data(*wanted, start=start) as delivery:
            return await gathered(delivery)


@asynccontextmanager
async def laid_down(corpus: dict[str, Any], folder: Path) -> AsyncIterator[str]:
    """Run a Redis that holds a corpus, beside its blobs and its key."""
    laying = Laying(corpus)
    await asyncio.to_thread(laying.folder, folder)
    async with embedded_redis(folder) as url:
        async with Redis.from_url(url) as redis:
            await laying.redis(redis)
        yield url


@pytest.fixture(params=FORMATS)
async def past(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Past]:
    """Start the present server on a corpus."""
    corpus = json.loads(await asyncio.to_thread((HERE / f"{request.param}.json").read_text))
    async with laid_down(corpus, tmp_path / "data") as url:
        given = {"DATA_DIR": str(tmp_path / "data"), "REDIS_URL": url, **corpus["settings"]}
        if corpus["settings"]:  # nothing is shared but Redis; otherwise the folder holds the key
            given["SECRET_KEY"] = corpus["secret key"]
        async with open_vault(Settings.parse(GENEROUS | given)) as house:
            yield Past(house, corpus["known"])


def test_the_present_format_has_a_corpus() -> None:
    """Whoever raises the format keeps what the new one writes, and the old ones as they are."""
    assert {f"v{stamps.WRITTEN}-folder", f"v{stamps.WRITTEN}-redis"} <= set(FORMATS)
    for name in FORMATS:
        corpus = json.loads((HERE / f"{name}.json").read_text())
        assert name.startswith(f"v{corpus['format']}-")


async def test_what_waited_is_opened(past: Past) -> None:
    """A sweep leaves it alone; it is peeked at, opened with its password, and burned."""
    await past.house.sweeper.sweep()
    for name, password, content in (
        ("text", None, past.known["text"].encode()),
        ("file", None, past.file),
        ("protected", past.known["password"], past.known["text"].encode()),
        ("changed", past.known["password"], past.file),
    ):
        link, claim = past.link(name), Claim.random()
        glance = await past.house.vault.peek(link.id, link.key)
        assert (glance.state, glance.protected) == (State.READY, password is not None)
        if password is not None:
            with pytest.raises(WrongPassword):
                await past.open(name, "the old one")
        opened = await past.house.vault.open(link.id, link.key, claim, password)
        assert opened.metadata.size == len(content)
        assert opened.metadata.kind is (Kind.FILE if content == past.file else Kind.TEXT)
        async with past.house.vault.data(link.id, claim, opened.ticket) as delivery:
            assert (await gathered(delivery))[: len(content)] == content
        await past.house.vault.done(link.id, claim)
        with pytest.raises(Gone):
            await past.open(name, password)


async def test_what_was_half_way_goes_on(past: Past) -> None:
    """A claim, a ticket and a call for scripts are good for the rest; nobody else gets in."""
    with pytest.raises(Taken):
        await past.open("claimed")
    half = len(past.file) // 2
    assert await past.rest("claimed", 0) == past.file
    with pytest.raises(Gone):
        await past.open("half")
    assert await past.rest("half", half) == past.file[half:]
    link, claim = past.link("half by one call"), past.claim("half by one call")
    async with past.house.vault.take(link.id, link.key, claim, start=half) as (delivery, _):
        assert await gathered(delivery) == past.file[half:]
    for name in ("claimed", "half", "half by one call"):
        await past.house.vault.done(past.link(name).id, past.claim(name))


async def test_senders_find_and_end_what_they_shared(past: Past) -> None:
    """The list shows each as it stands; unlock, lifetime, revoke by mark and by token work."""
    listed = await past.house.vault.control.secrets(past.owner)
    states = {status.id: status.state for status in listed}
    for name, state in (
        *((waiting, State.READY) for waiting in ("text", "file", "protected", "changed")),
        ("claimed", State.CLAIMED),
        *((begun, State.OPENED) for begun in ("half", "half by one call")),
        *((over, State.OPENED) for over in ("burned", "burned and untold")),
        ("locked", State.LOCKED),
        ("revoked", State.REVOKED),
    ):
        assert states[past.link(name).id] is state, name
    control = past.house.vault.control
    with pytest.raises(Locked):
        await past.open("locked", past.known["password"])
    await control.unlock(past.link("locked").id, past.owner)
    text = past.known["text"].encode()
    assert (await past.open("locked", past.known["password"]))[: len(text)] == text
    await control.reschedule(past.link("text").id, past.owner, past.house.vault.policy.max_lifetime)
    await control.revoke(past.link("text").id, past.owner)
    token = decode(past.noted("file", "revoke"), 32, "token")
    await control.revoke(past.link("file").id, token_proof(token))
    for name in ("text", "file", "revoked"):
        with pytest.raises(Gone, match="revoked"):
            await past.open(name)
    with pytest.raises(Gone, match="opened"):
        await past.open("burned")


async def test_receipts_that_waited_are_told(past: Past) -> None:
    """Those of the stream, and those of a record whose server ended before it published them."""
    untold = past.link("burned and untold")
    await past.house.vault.peek(untold.id, untold.key)
    await past.house.outbox.flush()
    found = [receipt for _, receipt in await past.house.receipts.take("telegram", "now")]
    told = {receipt.secret_id: receipt.event for receipt in found}
    assert told == {
        past.link("locked").id: Event.LOCKED,
        past.link("burned").id: Event.OPENED,
        untold.id: Event.OPENED,
        past.link("revoked").id: Event.REVOKED,
    }
    for receipt in found:
        ref = past.house.vault.server_key.open_ref(receipt.secret_id.raw, receipt.ref)
        assert (ref.door, ref.chat, ref.language, ref.message) == ("telegram", "4711", "de", "8")
    standings = [await past.house.receipts.take_up(receipt) for receipt in found]
    assert standings.count(Telling.DONE) == 1


async def test_invitations_stay_open_and_deliver(past: Past) -> None:
    """One takes what is handed in now; what was handed in before is delivered and opened."""
    pages = {name: past.noted(name, "link").split("#") for name in ("asked", "handed in")}
    asked, before = (InvitationId.parse(page.rpartition("/")[2]) for page, _ in pages.values())
    token = Token.parse(pages["asked"][1])
    assert (await past.house.invitations.inquire(asked, token.digest)).asking.label == "Ann"
    async with past.house.reception.place(asked, token) as place:
        await handed(place, b"now")
    entries = await past.house.handed.take("telegram", "now")
    assert [name for _, name in entries] == [before, asked]
    for (entry, name), content in zip(entries, (past.file, b"now"), strict=True):
        handover = await past.house.handed.look(name)
        assert handover is not None
        assert (handover.owner, handover.asking.ref.chat) == (past.owner, "4711")
        link = handover.handed.link
        assert await received(past.house.vault, link.id, link.key, Claim.random()) == content
        await past.house.handed.delivered(name, "telegram", entry)
    standing = await past.house.invitations.inquire(before, past.owner)
    assert (standing.standing, standing.arrived) == (Standing.USED, False)
    with pytest.raises(Closed):
        async with past.house.reception.place(before, Token.parse(pages["handed in"][1])):
            pass


async def test_what_is_no_secret_is_known_too(past: Past) -> None:
    """An answered event, figures, acts, a door's sign of life and its note are found again."""
    with pytest.raises(Duplicate):
        async with past.house.creations.once("telegram", "update 1"):
            pass
    counted = total((await past.house.statistics.hours(3)).values())
    assert (counted["sealed:telegram"], counted["wrong_passwords"]) == (11, 5)
    assert [entry.act async for entry in past.house.audit.entries()] == ["login"]
    assert set(await past.house.heartbeats.last()) == {"telegram"}
    assert await past.house.notes.read("commands") == "a note"
    assert len((await past.house.inventory.page())[0]) > 0
    with pytest.raises(NotFound):
        await past.house.vault.peek(past.link("text").id, past.link("file").key)
