"""The admin as the tests play it: signs in, and sends forms as our own pages do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from core.bootstrap import House
    from core.settings import Settings
    from tests.conftest import Web

PASSWORD = "correct horse battery"
# Of that password, with the cheapest parameters.
HASH = (
    "$argon2id$v=19$m=64,t=1,p=1$pq081DMVEXsSo5Z4d9ti/A$AyX/sCddlLPrGyUb7iJtJbJAL1/n/murY9eUJSwL3Rc"
)
LOGIN = {"user": "admin", "password": PASSWORD}
OURS = {"Sec-Fetch-Site": "same-origin"}


def with_admin(settings: Settings) -> Settings:
    """Give a server an admin."""
    return replace(settings, admin_password_hash=HASH)


async def signed_in(web: Web, client: ClientSession) -> ClientSession:
    """Sign in, as a browser does."""
    answer = await client.post(
        f"{web.url}/auth/login", data=LOGIN, headers=OURS, allow_redirects=False
    )
    assert (answer.status, answer.headers["Location"]) == (303, "/stats")
    return client


async def proof_of(web: Web, browser: ClientSession, **headers: str) -> str:
    """Read what this session's forms carry."""
    page = await (await browser.get(f"{web.url}/stats", headers=headers)).text()
    found = re.search(r'name="proof" value="([^"]+)"', page)
    assert found is not None
    return found[1]


async def acts(house: House) -> list[tuple[str, str, str]]:
    """Read the audit log."""
    return [(entry.act, entry.who, entry.about) async for entry in house.audit.entries()]
