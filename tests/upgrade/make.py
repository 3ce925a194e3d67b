"""Makes the corpora of the present format: `python -m tests.upgrade.make`, once for each format.

What was released is never made anew: it is the promise that a later server reads it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import stamps
from core.audit import Act
from core.bootstrap import open_vault
from core.embedded import embedded_redis
from core.errors import WrongPassword
from core.invitation import Purpose
from core.link import Claim, encode
from core.record import record_key
from core.secret import Kind, Sender, SenderRef
from core.settings import SECRET_KEY_SIZE, Settings
from tests.contents import gathered, pieces
from tests.embedded import alone
from tests.generous import GENEROUS
from tests.upgrade.corpus import HERE, take

if TYPE_CHECKING:
    from core.bootstrap import House
    from core.invitation import Invited
    from core.secret import Sealed

SENDER, REF = Sender("telegram", "42"), SenderRef("telegram", "4711", "de", "8", {"thread": "3"})
TEXT, PASSWORD = "the code is 4711", "four words of mine"
FILE = bytes(range(256)) * 24  # more than a record keeps
LONG = "26000d"  # into the 2090s
# Buckets hold the same as a folder, under the same names.
STORES: dict[str, dict[str, str]] = {"folder": {}, "redis": {"BLOBS_URL": "redis:"}}


class Maker:
    """Writes secrets, and notes what opens them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.owner = house.vault.owner(SENDER)
        self.notes: dict[str, dict[str, str]] = {}

    async def seal(self, name: str, *, file: bool = False, password: str | None = None) -> Sealed:
        sealed = await self.house.vault.seal(
            pieces(FILE if file else TEXT.encode()),
            kind=Kind.FILE if file else Kind.TEXT,
            name="plan.txt" if file else None,
            media_type="text/plain",
            lifetime=self.house.vault.policy.max_lifetime,
            password=password,
            owner=self.owner,
            ref=REF,
        )
        self.notes[name] = {
            "link": sealed.link.url("https://example.org"),
            "revoke": sealed.revoke_token,
        }
        return sealed

    async def waiting(self) -> None:
        await self.seal("text")
        await self.seal("file", file=True)
        await self.seal("protected", password=PASSWORD)
        sealed = await self.seal("changed", file=True, password="the old one")
        await self.house.vault.control.rewrap(
            sealed.link.id,
            sealed.link.key,
            self.owner,
            password=PASSWORD,
            old_password="the old one",
        )

    async def locked(self) -> None:
        link = (await self.seal("locked", password=PASSWORD)).link
        for _ in range(5):
            with suppress(WrongPassword):
                await self.house.vault.open(link.id, link.key, Claim.random(), "wrong")
        await self.house.outbox.flush()

    async def opened(self, name: str, *, file: bool) -> tuple[Sealed, Claim]:
        """Begin an opening: claimed, and a ticket in its page's hand."""
        sealed, claim = await self.seal(name, file=file), Claim.random()
        opened = await self.house.vault.open(sealed.link.id, sealed.link.key, claim)
        self.notes[name] |= {"claim": claim.reveal(), "ticket": opened.ticket}
        return sealed, claim

    async def halves(self) -> None:
        """Leave a claim, an opening half-way, and one by the call for scripts."""
        await self.opened("claimed", file=True)
        for name in ("half", "half by one call"):
            sealed, claim = await self.opened(name, file=True)
            link, half = sealed.link, len(FILE) // 2
            async with self.house.vault.take(link.id, link.key, claim, stop=half) as (some, _):
                await gathered(some)

    async def ended(self) -> None:
        """Burn one whose receipt was published, one whose receipt waits in its record."""
        for name in ("burned", "burned and untold"):
            sealed, claim = await self.opened(name, file=False)
            ticket = self.notes[name]["ticket"]
            async with self.house.vault.data(sealed.link.id, claim, ticket) as delivery:
                await gathered(delivery)
            await self.house.outbox.flush()
            if name == "burned":
                await self.house.vault.done(sealed.link.id, claim)
                await self.house.outbox.flush()
            else:  # by a server that ended before it published
                await self.house.scripts("done", record_key(sealed.link.id), claim.holder)
        link = (await self.seal("revoked")).link
        await self.house.vault.control.revoke(link.id, self.owner)
        await self.house.outbox.flush()

    async def invitations(self) -> None:
        await self.invite("asked")
        invited = await self.invite("handed in")
        async with (
            self.house.reception.place(invited.id, invited.token) as place,
            place.draft(pieces(FILE), kind=Kind.FILE, name="plan.txt") as draft,
        ):
            lifetime = self.house.vault.policy.max_lifetime
            await place.commit(draft, name="plan.txt", lifetime=lifetime)

    async def invite(self, name: str) -> Invited:
        policy = self.house.vault.policy
        invited = await self.house.invitations.create(
            self.owner,
            REF,
            purpose=Purpose.REQUEST,
            policy=policy,
            label="Ann",
            lifetime=policy.max_lifetime,
        )
        self.notes[name] = {"link": invited.url("https://example.org")}
        return invited

    async def all(self) -> None:
        for join in (self.house.receipts, self.house.handed):
            await join.join("telegram")
        for step in (self.waiting, self.locked, self.ended, self.invitations, self.halves):
            await step()
        await self.beside()

    async def beside(self) -> None:
        """Leave what is no secret: an answered event, a told receipt, acts, figures, notes."""
        async with self.house.creations.once("telegram", "update 1"):
            pass
        [(_, receipt), *_] = await self.house.receipts.since()
        await self.house.receipts.note_told(receipt)
        await self.house.audit.note(Act.LOGIN, "admin")
        await self.house.heartbeats.note("telegram")
        await self.house.notes.write("commands", "a note")
        await self.house.statistics.flush()


async def make(folder: Path, given: dict[str, str]) -> dict[str, Any]:
    """Let the present server write, and take what lies there then."""
    key = encode(secrets.token_bytes(SECRET_KEY_SIZE))
    common = {"DATA_DIR": str(folder), "MAX_LIFETIME": LONG, "SECRET_KEY": key}
    async with embedded_redis(folder) as url:
        settings = Settings.parse(GENEROUS | common | {"REDIS_URL": url} | given)
        async with open_vault(settings) as house:
            maker = Maker(house)
            await maker.all()
            taken = await take(alone(house), folder / "blobs")
    known = {"text": TEXT, "file": FILE.hex(), "password": PASSWORD, "secrets": maker.notes}
    return {
        "format": stamps.WRITTEN,
        "settings": given,
        "secret key": key,
        "known": known,
        **taken,
    }


def main() -> None:
    """Write the corpus of this format for each store, unless it is there."""
    for name, given in STORES.items():
        path = HERE / f"v{stamps.WRITTEN}-{name}.json"
        if path.exists():
            sys.exit(f"{path} is there already, and stays as it is.")
        with tempfile.TemporaryDirectory() as folder:
            made = asyncio.run(make(Path(folder), given))
        path.write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
