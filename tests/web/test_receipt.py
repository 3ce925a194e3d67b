"""The sender's calls, and what they answer to whoever is not the sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import segno

from core.link import Claim
from tests.page import Shared
from tests.web.test_http import problem

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web

WRONG = "A" * 43


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_status_tells_the_sender_how_it_stands(web: Web, client: ClientSession) -> None:
    """Before and after the opening, without the key, the name or the content."""
    shared = await Shared.hand_in(client, web.url, text="x", password="p")
    at = f"{web.url}/s/{shared.id}"
    told = await (await client.post(f"{at}/status", headers=bearer(shared.token))).json()
    assert (told["state"], told["protected"], told["attempts_left"]) == ("ready", True, 5)
    assert (told["unlocks_left"], told["size"], told["ended_at"]) == (3, 1024, None)
    rights = {"key": shared.key.reveal(), "password": "p"}
    assert (await client.post(f"{web.url}/d/{shared.id}", json=rights)).status == 200
    told = await (await client.post(f"{at}/status", headers=bearer(shared.token))).json()
    assert told["state"] == "opened"
    assert told["created_at"] <= told["ended_at"] <= told["expires_at"]
    late = await client.post(
        f"{web.url}/receipt/{shared.id}", data={"link-key": shared.token, "wish": "revoke"}
    )
    assert await problem(late) == (409, "too-late")


async def test_nothing_is_learned_with_another_token(web: Web, client: ClientSession) -> None:
    """A wrong token for a secret, and any token for none, get the same bytes at every call."""
    shared, other = [await Shared.hand_in(client, web.url, text="x") for _ in range(2)]
    told = set()
    for name in (str(shared.id), WRONG[:22], "short", "%00"):
        for token in (WRONG, other.token, shared.key.reveal()):
            answers = [
                await client.post(f"{web.url}/s/{name}/status", headers=bearer(token)),
                await client.post(f"{web.url}/s/{name}/unlock", headers=bearer(token)),
                await client.post(f"{web.url}/receipt/{name}", data={"link-key": token}),
                await client.post(
                    f"{web.url}/receipt/{name}", data={"link-key": token, "wish": "revoke"}
                ),
            ]
            assert {404} == {answer.status for answer in answers}
            told |= {await answer.read() for answer in answers}
    assert len(told) == 1
    pages = [await client.get(f"{web.url}/receipt/{i}") for i in (shared.id, WRONG, "%00")]
    assert len({await page.read() for page in pages}) == 1
    assert (await shared.revoke()).status == 204


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Basic x"}, bearer(""), bearer("short"), bearer("ü"), bearer(WRONG * 9)],
)
async def test_token_that_is_none_is_refused(
    web: Web, client: ClientSession, headers: dict[str, str]
) -> None:
    """Missing, of another kind, or malformed: 400 with what to send."""
    shared = await Shared.hand_in(client, web.url, text="x")
    for call in ("status", "unlock"):
        answer = await client.post(f"{web.url}/s/{shared.id}/{call}", headers=headers)
        assert await problem(answer) == (400, "malformed")
    assert (await client.get(f"{web.url}/s/{shared.id}/status")).status == 405


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"link-key": ""},
        {"link-key": "http://x/receipt/y#short"},
        {"link-key": WRONG, "wish": "song"},
        [("link-key", WRONG), ("link-key", WRONG)],
    ],
)
async def test_form_of_the_receipt_that_is_none_is_refused(
    web: Web, client: ClientSession, fields: dict[str, str] | list[tuple[str, str]]
) -> None:
    """What a browser without scripts can't have sent is malformed, and does nothing."""
    shared = await Shared.hand_in(client, web.url, text="x")
    answer = await client.post(f"{web.url}/receipt/{shared.id}", data=fields)
    assert await problem(answer) == (400, "malformed")


async def test_upload_draws_its_link_only_on_wish(web: Web, client: ClientSession) -> None:
    """Programs get no picture; who asks for one gets the link that stands beside it."""
    upload = f"{web.url}/upload"
    told = await (await client.post(upload, data={"text": "x"})).json()
    assert told["receipt"] == f"{web.url}/receipt/{told['id']}#{told['revoke_token']}"
    assert "qr" not in told
    wish = {"OTS-QR": "svg"}
    told = await (await client.post(upload, data={"text": "x"}, headers=wish)).json()
    code = segno.make_qr(told["link"], error="m", boost_error=False)
    drawn = code.svg_inline(omitsize=True, dark="#000", light="#fff")
    assert told["qr"].partition("><")[2] == drawn.partition("><")[2]
    other = {"OTS-QR": "png"}
    answer = await client.post(upload, data={"text": "x"}, headers=other)
    assert await problem(answer) == (400, "malformed")


async def test_unknown_claim_is_no_token(web: Web, client: ClientSession) -> None:
    """The recipient's right is not the sender's."""
    shared = await Shared.hand_in(client, web.url, text="x")
    claim = Claim.random()
    rights = {"key": shared.key.reveal(), "claim": claim.reveal()}
    assert (await client.post(f"{web.url}/s/{shared.id}/open", json=rights)).status == 200
    headers = bearer(claim.reveal())
    answer = await client.post(f"{web.url}/s/{shared.id}/status", headers=headers)
    assert await problem(answer) == (404, "not-found")
