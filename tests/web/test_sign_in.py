"""Who is the admin, and who is not: sessions, tokens, and whoever tries."""

from __future__ import annotations

import asyncio
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from aiohttp import ClientSession, DummyCookieJar

from core.allowance import LOGINS
from core.bootstrap import open_vault
from core.link import encode
from core.sessions import IDLE
from core.statistics import LIMIT_HIT, LIMIT_HITS
from tests.admin import HASH, LOGIN, OURS, PASSWORD, acts, proof_of, signed_in, with_admin
from tests.web.test_http import problem, shared
from web.app import serve
from web.tokens import AUDIENCE

if TYPE_CHECKING:
    from core.bootstrap import House
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


async def test_nobody_else_sees_or_changes_anything(web: Web, client: ClientSession) -> None:
    """No session, a forged one, one that ended: programs get a 401, people the form."""
    name, _ = await shared(client, web, text="x")
    async with ClientSession(cookie_jar=DummyCookieJar()) as stranger:

        async def refused(**headers: str) -> None:
            for method, path in (
                *(("GET", path) for path in ("/stats-json", "/list-files", "/admin/audit.csv")),
                *(("POST", path) for path in (f"/admin/burn/{name}", "/auth/logout")),
            ):
                answer = await stranger.request(method, web.url + path, headers=headers)
                assert await problem(answer) == (401, "not-signed-in")
                assert answer.headers["WWW-Authenticate"] == "Bearer"
            page = await stranger.get(
                f"{web.url}/stats", headers={"Accept": "text/html", **headers}
            )
            assert page.url.path == "/auth/login"

        await refused()
        await refused(Cookie="session=" + "A" * 43)
        answer = await stranger.post(
            f"{web.url}/auth/login", data=LOGIN, headers=OURS, allow_redirects=False
        )
        cookie = {"Cookie": f"session={answer.cookies['session'].value}"}
        assert (await stranger.get(f"{web.url}/stats-json", headers=cookie)).status == 200
        form = {"proof": await proof_of(web, stranger, **cookie)}
        await stranger.post(f"{web.url}/auth/logout", data=form, headers={**OURS, **cookie})
        await refused(**cookie)
    glance = await client.get(f"{web.url}/s/{name}")
    assert glance.status == 200


async def test_session_ends_when_nobody_uses_it(web: Web, browser: ClientSession) -> None:
    """A visit prolongs it, a page that refreshes itself does not, nothing beyond eight hours."""
    [key] = await web.house.redis.keys("ots:session:*")

    async def left(**headers: str) -> int:
        await web.house.redis.pexpire(key, 60_000)
        assert (await browser.get(f"{web.url}/stats", headers=headers)).status == 200
        return int(await web.house.redis.pttl(key))

    assert await left(**{"OTS-Refresh": "1"}) <= 60_000
    assert 60_000 < await left() <= IDLE
    await web.house.redis.set(key, 1, keepttl=True)  # begun long ago
    answer = await browser.get(f"{web.url}/stats-json")
    assert await problem(answer) == (401, "not-signed-in")


ELSEWHERE: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {},
)


async def test_what_another_site_sends_is_refused(web: Web, browser: ClientSession) -> None:
    """Neither a burn nor a sign-in counts unless one of our own pages sent it."""
    name, _ = await shared(browser, web, text="x")
    form = {"proof": await proof_of(web, browser)}
    sent = {f"/admin/burn/{name}": form, "/auth/logout": form, "/auth/login": LOGIN}
    for headers in ELSEWHERE:
        for path, fields in sent.items():
            answer = await browser.post(web.url + path, data=fields, headers=headers)
            assert await problem(answer) == (403, "foreign")
    assert [one.id for one in (await web.house.inventory.page())[0]]


async def test_form_without_this_sessions_proof_is_refused(
    web: Web, browser: ClientSession
) -> None:
    """A form from another session, or made up, burns nothing."""
    name, _ = await shared(browser, web, text="x")
    at = f"{web.url}/admin/burn/{name}"
    for proof in ("", "A" * 43, "ü"):
        answer = await browser.post(at, data={"proof": proof}, headers=OURS)
        assert await problem(answer) == (403, "foreign")
    own = {"Origin": web.url}  # of a browser too old to say more
    answer = await browser.post(at, data={"proof": await proof_of(web, browser)}, headers=own)
    assert answer.status == 204


async def test_cookie_is_as_strict_as_browsers_allow(
    house: House, settings: Settings, client: ClientSession
) -> None:
    """By https: the host's own, never sent in clear, to scripts, or with what others send."""
    settings = replace(settings, public_url="https://share.example", port=0)
    async with serve(house, settings) as url:
        answer = await client.post(
            f"{url}/auth/login", data=LOGIN, headers=OURS, allow_redirects=False
        )
        cookie = answer.headers["Set-Cookie"]
    name, *flags = cookie.split("; ")
    assert name.startswith("__Host-session=")
    assert set(flags) == {"HttpOnly", "Path=/", "SameSite=Strict", "Secure"}


async def test_token_that_is_not_ours_is_refused(web: Web, client: ClientSession) -> None:
    """Unsigned, signed with another key or kind, over, for others, or incomplete: each is 401."""
    told = await (await client.post(f"{web.url}/auth/token", json=LOGIN)).json()
    key = web.house.vault.server_key.token_key(HASH.encode())
    claims = jwt.decode(told["token"], key, algorithms=["HS256"], audience=AUDIENCE)
    past = datetime.now(UTC) - timedelta(seconds=1)

    def signed(with_: bytes = key, **changed: Any) -> str:
        body = {name: value for name, value in {**claims, **changed}.items() if value is not None}
        return jwt.encode(body, with_, algorithm="HS256")

    def of_kind(kind: str, digest: str) -> str:
        """Sign with the right key, as a kind of token that is not ours."""
        head, body, _ = told["token"].split(".")
        head = encode(json.dumps({"alg": kind, "typ": "JWT"}).encode())
        signature = hmac.digest(key, f"{head}.{body}".encode(), digest) if digest else b""
        return f"{head}.{body}.{encode(signature)}"

    async def status(token: str) -> int:
        bearer = {"Authorization": f"Bearer {token}"}
        async with client.get(f"{web.url}/stats-json", headers=bearer) as answer:
            return answer.status

    assert await status(signed()) == 200
    assert await status(of_kind("HS256", "sha256")) == 200
    forged = [
        of_kind("none", ""),
        of_kind("none", "sha256"),
        of_kind("HS512", "sha512"),
        signed(with_=b"another key of 32 bytes or more.."),
        signed(with_=HASH.encode()),
        signed(exp=past),
        signed(exp=None),
        signed(aud="other"),
        signed(iss="https://evil.example"),
        told["token"][:-2],
        told["token"].rpartition(".")[0] + ".",
        "x",
    ]
    assert {await status(token) for token in forged} == {401}


async def test_storm_of_logins_is_bounded(settings: Settings, client: ClientSession) -> None:
    """Of fifty wrong logins at once five are checked; the others are told to wait, and counted."""
    allowance = replace(settings.allowance, logins_per_minute=5)
    settings = replace(settings, allowance=allowance, port=0)
    async with open_vault(settings) as house, serve(house, settings) as url:

        async def attempt(n: int) -> tuple[int, str]:
            fields = {"user": "admin", "password": f"wrong {n}"}
            async with client.post(f"{url}/auth/token", json=fields) as answer:
                assert answer.status == 401 or answer.headers["Retry-After"]
                return await problem(answer)

        told = await asyncio.gather(*(attempt(n) for n in range(50)))
        assert told.count((401, "wrong-login")) == 5
        assert told.count((429, "rate-limited")) == 45
        assert await attempt(50) == (429, "rate-limited")  # though nobody is being checked any more
        [*_, now] = (await house.statistics.hours(2)).values()
        assert (now[LIMIT_HITS], now[f"{LIMIT_HIT}{LOGINS}"]) == (46, 46)
        assert [act for act, _, _ in await acts(house)] == ["token refused"] * 5


async def test_login_that_is_wrong_is_one_answer(web: Web, client: ClientSession) -> None:
    """A wrong name and a wrong password look the same; what is missing is named."""

    async def told(**fields: str) -> tuple[int, str]:
        return await problem(await client.post(f"{web.url}/auth/token", json=fields))

    for user, password in (
        ("admin", PASSWORD + "!"),
        ("root", PASSWORD),
        ("ädmin", PASSWORD),
        ("admin", "\ud800"),
        ("admin", "x" * 2000),
    ):
        assert await told(user=user, password=password) == (401, "wrong-login")
    for fields in ({"user": "admin"}, {"password": PASSWORD}, {}):
        assert await told(**fields) == (400, "malformed")


async def test_server_without_an_admin_lets_nobody_in(
    house: House, settings: Settings, client: ClientSession
) -> None:
    """Without a password there is no admin, and the page says how to make one."""
    settings = replace(settings, admin_password_hash=None, port=0)
    async with serve(house, settings) as url:
        page = await client.get(f"{url}/auth/login")
        assert "onetimeshare hash-password" in await page.text()
        for password in ("", PASSWORD):
            fields = {"user": "admin", "password": password or " "}
            answer = await client.post(f"{url}/auth/token", json=fields)
            assert await problem(answer) == (401, "wrong-login")
