"""The page of an invitation, and what it tells to whom, over a socket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import ClientSession, FormData

from core.invitation import InvitationId, Standing, Token
from core.link import Claim
from tests.asked import ANN, asked, delivered, file_form, hand_in, key, standing

if TYPE_CHECKING:
    from tests.conftest import Web

HEADER = "OTS-Invitation"


async def test_page_is_the_same_for_every_id(web: Web, client: ClientSession) -> None:
    """Existing, used, unknown or malformed: the page behind an invitation has the same bytes."""
    invited = await asked(web.house)
    answers = [
        await client.get(f"{web.url}/r/{name}") for name in (invited.id, Claim.random(), "%00", "x")
    ]
    assert len({await answer.read() for answer in answers}) == 1
    assert {200} == {answer.status for answer in answers}
    for answer in answers:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


async def test_get_changes_nothing(web: Web, client: ClientSession) -> None:
    """Previews and crawlers leave the invitation as it was and see no label."""
    invited = await asked(web.house, label="Anna Karenina")
    before = await web.house.redis.hgetall(key(invited))
    for path in (f"/r/{invited.id}", f"/r/{invited.id}/peek"):
        for method in ("GET", "HEAD"):
            headers = {"User-Agent": "TelegramBot (like TwitterBot)", "Accept": "text/html"}
            async with client.request(method, web.url + path, headers=headers) as answer:
                assert "Karenina" not in await answer.text()
    assert before == await web.house.redis.hgetall(key(invited))


async def test_peek_tells_who_asks(web: Web, client: ClientSession) -> None:
    """With the token: label, purpose, time and limit."""
    invited = await asked(web.house, label="Ann <b>")
    at = f"{web.url}/r/{invited.id}/peek"
    answer = await client.post(at, json={"token": invited.token.reveal()})
    assert await answer.json() == {
        "state": "open",
        "label": "Ann <b>",
        "purpose": "request",
        "expires_at": f"{invited.expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "max_size": 100_000_000,
    }


async def test_nothing_is_learned_without_the_token(web: Web, client: ClientSession) -> None:
    """A wrong token for an invitation, and any for none, get the same bytes, whatever is asked."""
    invited, used = await asked(web.house), await asked(web.house)
    await hand_in(web.house, used)
    wrong, told = Token.random().reveal(), set()
    for name in (str(invited.id), str(used.id), str(InvitationId.random()), "short", "ü"):
        at = f"{web.url}/r/{name}"
        answers = [
            await client.post(f"{at}/peek", json={"token": wrong}),
            await client.post(at, data=b"x", headers={HEADER: wrong}),
            await client.post(at, data=file_form(), headers={HEADER: wrong}),
            await client.post(at, data=file_form(link_key=wrong)),
            await client.post(at, data={"link-key": wrong}),
        ]
        told |= {await answer.text() for answer in answers}
        assert {404} == {answer.status for answer in answers}
    assert len(told) == 1
    assert await standing(web.house, invited) is Standing.OPEN


async def test_ends_are_told_to_holders_of_the_token(web: Web, client: ClientSession) -> None:
    """Used, revoked, expired: each has its state and its sentence."""
    used, revoked, expired = [await asked(web.house) for _ in range(3)]
    await hand_in(web.house, used)
    await web.house.invitations.revoke(revoked.id, web.house.vault.owner(ANN))
    await web.house.redis.hset(key(expired), "expires", 1)
    details = set()
    for invited, state in ((used, "used"), (revoked, "revoked"), (expired, "expired")):
        at, token = f"{web.url}/r/{invited.id}", invited.token.reveal()
        peeked = await (await client.post(f"{at}/peek", json={"token": token})).json()
        assert peeked["state"] == state
        answer = await client.post(at, data=b"x", headers={HEADER: token})
        told = await answer.json()
        assert (answer.status, told["state"]) == (410, state)
        details.add(told["detail"])
        pasted = await client.post(at, data={"link-key": token})
        assert pasted.status == 410
    assert len(details) == 3


async def test_without_javascript_a_pasted_link_hands_in(web: Web) -> None:
    """The plain form shows who asks, escaped, then takes the file and says to whom it goes."""
    invited = await asked(web.house, label='Ann "<b>"')
    url = invited.url(web.url)
    at = url.partition("#")[0]
    async with ClientSession(headers={"Accept": "text/html"}) as browser:
        shown = await (await browser.post(at, data={"link-key": f" {url} "})).text()
        assert "Ann &#34;&lt;b&gt;&#34;" in shown
        match = re.search(r'name="link-key" value="([^"]*)"', shown)
        assert match is not None
        form = FormData(default_to_multipart=True)
        form.add_field("link-key", match[1])
        form.add_field("text", "")
        form.add_field("file", b"content", filename="a.txt")
        answer = await browser.post(at, data=form)
        text = await answer.text()
        assert answer.status == 201
        assert "Ann &#34;&lt;b&gt;&#34;" in text
        assert "/s/" not in text
        assert (await browser.post(at, data={"link-key": url})).status == 410
    assert await delivered(web.house, invited) == (b"content", "a.txt")


async def test_invitations_work_where_the_home_page_is_closed(
    web: Web, client: ClientSession
) -> None:
    """With WEB_UPLOAD=off whoever was asked may still hand in."""
    object.__setattr__(web.settings, "web_upload", False)
    invited = await asked(web.house)
    headers = {HEADER: invited.token.reveal()}
    answer = await client.post(f"{web.url}/r/{invited.id}", data=b"x", headers=headers)
    assert answer.status == 201
