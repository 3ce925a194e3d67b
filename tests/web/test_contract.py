"""What every route answers: pinned, so that a change of it is seen here first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.link import Claim, Link
from tests.admin import LOGIN, OURS, proof_of, with_admin
from tests.asked import asked
from tests.web.contract import ALWAYS, ANSWERED, rows
from tests.web.test_http import shared
from web.app import create_app

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

    from core.settings import Settings
    from tests.conftest import Web

CHANGING = {"Date", "Content-Length", "Content-Type", "Transfer-Encoding", "Permissions-Policy"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give the server an admin."""
    return with_admin(settings)


class Story:
    """What the lines speak of, and what each of them sends."""

    def __init__(self, web: Web, client: ClientSession) -> None:
        self.web = web
        self.client = client
        self.named: dict[str, str] = {}
        self.ticket = ""

    async def begin(self) -> None:
        name, self.key = await shared(self.client, self.web, text="four")
        form = {"text": "lone", "expires": "1h"}
        told = await (await self.client.post(f"{self.web.url}/upload", data=form)).json()
        self.lone, self.token = Link.parse(told["link"]), told["revoke_token"]
        self.asked = await asked(self.web.house)
        self.claim, self.proof = Claim.random().reveal(), ""
        page = await (await self.client.get(self.web.url)).text()
        self.named |= {"id": name, "none": "n" * 22, "lone": str(self.lone.id)}
        self.named |= {"asked": str(self.asked.id)}
        self.named |= {"file": page.partition('href="/static/style.')[2].partition('"')[0]}
        self.named["file"] = f"style.{self.named['file']}"

    def sent(self, name: str) -> dict[str, Any]:
        """Say what a name in the table sends."""
        claimed = {"claim": self.claim, "ticket": self.ticket}
        browser = {"Accept": "text/html"}
        form: dict[str, Any] = {
            "text": {"data": {"text": "x"}},
            "text+": {"data": {"text": "x"}, "headers": browser},
            "empty": {"data": {"text": ""}},
            "nothing": {"json": {}},
            "browser": {"headers": browser},
            "key": {"json": {"key": self.key, "claim": self.claim}, "headers": bearer(self.key)},
            "other": {"json": {"key": self.key, "claim": Claim.random().reveal()}},
            "claim": {"json": claimed},
            "stay": {"json": {**claimed, "stay": "1"}},
            "range": {"json": claimed, "headers": {"Range": "bytes=1-"}},
            "beyond": {"json": claimed, "headers": {"Range": "bytes=9-"}},
            "pasted": {"data": {"link-key": self.key}, "headers": browser},
            "pasted+": {"data": {"link-key": self.lone.key.reveal()}, "headers": browser},
            "token": {"headers": bearer(self.token)},
            "receipt": {"data": {"link-key": self.token}, "headers": browser},
            "lone": {"json": {"key": self.lone.key.reveal()}},
            "asked": {"json": {"token": self.asked.token.reveal()}},
            "handed": {"data": b"x", "headers": {"OTS-Invitation": self.asked.token.reveal()}},
            "login": {"data": LOGIN, "headers": OURS},
            "wrong": {"data": {**LOGIN, "password": "x"}, "headers": OURS},
            "proof": {"data": {"proof": self.proof}, "headers": OURS},
            "-": {},
        }
        sent: dict[str, Any] = form[name]
        return sent

    async def ask(self, method: str, path: str, sent: str) -> ClientResponse:
        url = self.web.url + path.format(**self.named)
        answer = await self.client.request(method, url, allow_redirects=False, **self.sent(sent))
        await answer.read()
        if path.endswith("/open") and answer.status == 200:
            self.ticket = (await answer.json())["ticket"]
        if path == "/auth/login" and answer.status == 303:
            self.proof = await proof_of(self.web, self.client)
        return answer


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def fits(answer: ClientResponse, kind: str) -> bool:
    """Tell whether type and headers are those of the kind, without one more or less."""
    type_, more = ANSWERED[kind]
    told = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    pinned = {**ALWAYS, **more}
    return (
        answer.content_type == type_
        and told.keys() == pinned.keys()
        and all(pinned[name] in (..., value) for name, value in told.items())
        and "camera=()" in answer.headers["Permissions-Policy"]
    )


async def test_routes_answer_as_pinned(web: Web, client: ClientSession) -> None:
    """Status, type and every header of each line, in order."""
    story, wrong = Story(web, client), []
    await story.begin()
    for method, path, sent, status, kind in rows():
        answer = await story.ask(method, path, sent)
        if answer.status != status or not fits(answer, kind):
            others = {n: v for n, v in answer.headers.items() if ALWAYS.get(n) != v}
            wrong.append(f"{method} {path} {sent}: {answer.status} {others}")
    assert not wrong, "\n".join(wrong)


async def test_other_methods_are_refused_with_what_is_allowed(
    web: Web, client: ClientSession
) -> None:
    """Every route is pinned above, and takes no method beside those."""
    pinned: dict[str, set[str]] = {}
    for method, path, _, status, _ in rows():
        plain = path.partition("?")[0].format(
            id="{id}", none="{id}", lone="{id}", asked="{id}", file="{name}"
        )
        if status != 404 or "{id}" in plain:
            pinned.setdefault(plain, set()).add(method)
    routes: dict[str, set[str]] = {}
    for route in create_app(web.house, web.settings).router.routes():
        assert route.resource is not None
        routes.setdefault(route.resource.canonical, set()).add(route.method)
    assert {path: methods - {"HEAD"} for path, methods in routes.items()} == pinned
    for path, methods in routes.items():
        url = web.url + path.format(id="n" * 22, name="x")
        for method in {*METHODS} - methods:
            answer = await client.request(method, url)
            assert answer.status == 405, (method, path)
            assert answer.headers["Allow"] == ",".join(sorted(methods))
