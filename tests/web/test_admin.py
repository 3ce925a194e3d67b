"""What the admin sees and burns, and what is written down."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from core.link import Link, SecretId
from core.record import index_key
from tests.admin import LOGIN, OURS, acts, proof_of, signed_in, with_admin
from tests.web.test_http import problem, shared

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from core.settings import Settings
    from tests.conftest import Web


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give the server an admin."""
    return with_admin(settings)


@pytest.fixture
async def browser(web: Web, client: ClientSession) -> ClientSession:
    """Sign in."""
    return await signed_in(web, client)


async def test_admin_signs_in_looks_burns_and_leaves(web: Web, browser: ClientSession) -> None:
    """Figures and ids are shown; a burn destroys for good; all of it is in the audit log."""
    name, key = await shared(browser, web, file=b"x" * 5000)
    page = await (await browser.get(f"{web.url}/stats")).text()
    assert name in page
    assert "note.bin" not in page
    listed = await (await browser.get(f"{web.url}/list-files")).json()
    [one] = listed["secrets"]
    assert (one["id"], one["state"], one["door"]) == (name, "ready", "web")
    assert one["size_up_to"] == 10_000
    told = await (await browser.get(f"{web.url}/stats-json")).json()
    assert (told["totals"]["1d"]["sealed"], told["secrets"]) == (1, 1)

    form = {"proof": await proof_of(web, browser)}
    burned = await browser.post(f"{web.url}/admin/burn/{name}", data=form, headers=OURS)
    assert burned.status == 204
    answer = await browser.post(f"{web.url}/d/{name}", json={"key": key})
    assert await problem(answer) == (410, "gone")
    answer = await browser.post(
        f"{web.url}/admin/burn/{SecretId.random()}", data=form, headers=OURS
    )
    assert answer.status == 404

    log = await browser.get(f"{web.url}/admin/audit.csv")
    rows = list(csv.reader(io.StringIO(await log.text())))
    assert rows[0] == ["time", "act", "who", "about"]
    acts_of_admin = ["login", "burn", "burn", "burn refused"]
    assert [row[1:3] for row in rows[1:]] == [[act, "admin"] for act in acts_of_admin]
    assert rows[2][3].lstrip("'") == name

    left = await browser.post(
        f"{web.url}/auth/logout", data=form, headers=OURS, allow_redirects=False
    )
    assert left.status == 303
    assert [act for act, _, _ in await acts(web.house)][-1] == "logout"


async def test_what_was_opened_can_not_be_burned(web: Web, browser: ClientSession) -> None:
    """A burn goes through the latch: whoever received it first keeps it, and the log says so."""
    name, key = await shared(browser, web, text="mine")
    claim = "A" * 43
    got = await browser.post(f"{web.url}/d/{name}", json={"key": key, "claim": claim})
    assert await got.text() == "mine"
    form = {"proof": await proof_of(web, browser)}
    answer = await browser.post(f"{web.url}/admin/burn/{name}", data=form, headers=OURS)
    assert await problem(answer) == (409, "too-late")
    assert (await acts(web.house))[-1] == ("burn refused", "admin", f"{name} too-late")


async def test_program_acts_with_a_token(web: Web, client: ClientSession) -> None:
    """A token looks and burns, without a cookie or a form's proof."""
    told = await (await client.post(f"{web.url}/auth/token", json=LOGIN)).json()
    bearer = {"Authorization": f"Bearer {told['token']}"}
    name, _ = await shared(client, web, text="x")
    assert (await client.get(f"{web.url}/stats-json", headers=bearer)).status == 200
    answer = await client.post(f"{web.url}/admin/burn/{name}", headers=bearer)
    assert answer.status == 204
    assert (await acts(web.house))[-1] == ("burn", "admin", name)


async def test_list_goes_on_where_a_page_ended(web: Web, browser: ClientSession) -> None:
    """Every secret is listed once, over as many pages as it takes; a made-up place is refused."""
    names = {(await shared(browser, web, text="x"))[0] for _ in range(60)}
    for one in map(SecretId.parse, names):  # all of them due in the same moment
        await web.house.redis.zadd(index_key(one), {one.raw: 4711})
    found: list[str] = []
    after = ""
    while True:
        told = await (await browser.get(f"{web.url}/list-files", params={"after": after})).json()
        found += [one["id"] for one in told["secrets"]]
        after = told["after"]
        if after is None:
            break
    assert sorted(found) == sorted(names)
    for place in ("x", "1", "1.x", "-1." + "A" * 22, "9" * 16 + "." + "A" * 22):
        answer = await browser.get(f"{web.url}/list-files", params={"after": place})
        assert answer.status == 400


async def test_links_key_is_nowhere_on_the_admins_side(web: Web, browser: ClientSession) -> None:
    """What the admin sees opens nothing."""
    told = await (await browser.post(f"{web.url}/upload", data=b"x")).json()
    key = Link.parse(told["link"]).key.reveal()
    for path in ("/stats", "/stats-json", "/list-files", "/admin/audit.csv"):
        text = await (await browser.get(web.url + path)).text()
        assert key not in text
        assert told["revoke_token"] not in text


async def test_door_is_open_while_it_gives_signs_of_life(web: Web, browser: ClientSession) -> None:
    """A door that spoke just now is open, one that fell silent is not, nor one that never spoke."""
    await web.house.heartbeats.note("telegram")
    await web.house.redis.hset("ots:doors", "discord", "1000")
    told = await (await browser.get(f"{web.url}/stats-json")).json()
    doors = {door["name"]: (door["alive"], door["seen_at"]) for door in told["doors"]}
    assert doors["telegram"][0]
    assert doors["discord"] == (False, "1970-01-01T00:00:01Z")
    assert doors["web"] == (False, None)
    page = await (await browser.get(f"{web.url}/stats")).text()
    assert "since 1970-01-01 00:00 UTC" in page
