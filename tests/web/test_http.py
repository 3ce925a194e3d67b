"""The routes, spoken to by a real client over a socket."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, FormData, MultipartWriter

from core.link import Claim, Link
from tests.contents import pieces, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientResponse

    from tests.conftest import Web


async def shared(client: ClientSession, web: Web, **fields: str | bytes) -> tuple[str, str]:
    """Share by form; answer the id and the key."""
    form = FormData(default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, bytes):
            form.add_field(name, value, filename="note.bin")
        else:
            form.add_field(name, value)
    async with client.post(f"{web.url}/upload", data=form) as answer:
        assert answer.status == 201, await answer.text()
        told = await answer.json()
    link = Link.parse(told["link"])
    assert told["id"] == str(link.id)
    return told["id"], link.key.reveal()


async def problem(answer: ClientResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    told = await answer.json()
    assert told["status"] == answer.status
    assert told["title"]
    assert told["detail"]
    return answer.status, told["type"].rpartition(":")[2]


async def test_what_is_shared_is_peeked_opened_fetched_and_burned(
    web: Web, client: ClientSession
) -> None:
    """The page's four calls give the bytes once; after done the link says that it was opened."""
    data = os.urandom(200_000)
    name, key = await shared(client, web, file=data, expires="1h")
    at, claim = f"{web.url}/s/{name}", Claim.random().reveal()

    glance = await (await client.post(f"{at}/peek", json={"key": key})).json()
    assert (glance["state"], glance["protected"], glance["size"]) == ("ready", False, 200_000)
    opened = await (await client.post(f"{at}/open", json={"key": key, "claim": claim})).json()
    assert (opened["name"], opened["size"], opened["kind"]) == ("note.bin", 200_000, "file")
    rights = {"claim": claim, "ticket": opened["ticket"]}
    answer = await client.post(f"{at}/data", json=rights)
    assert data == await answer.read()
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    progress = await (await client.post(f"{at}/progress", json={"claim": claim})).json()
    assert (progress["sent"], progress["complete"]) == (200_000, True)
    assert (await client.post(f"{at}/done", json={"claim": claim})).status == 204

    glance = await (await client.post(f"{at}/peek", json={"key": key})).json()
    assert glance["state"] == "opened"
    answer = await client.post(f"{at}/data", json=rights)
    assert await problem(answer) == (410, "gone")


async def test_broken_transfer_goes_on_with_a_range(web: Web, client: ClientSession) -> None:
    """The claimant asks for the rest from any offset on and gets just that."""
    data = os.urandom(150_000)
    name, key = await shared(client, web, file=data)
    claim = Claim.random().reveal()
    at = f"{web.url}/s/{name}"
    opened = await (await client.post(f"{at}/open", json={"key": key, "claim": claim})).json()
    rights = {"claim": claim, "ticket": opened["ticket"]}
    for header, start, stop in (("70000-", 70_000, 150_000), ("5-9", 5, 10), ("149999-", -1, None)):
        answer = await client.post(f"{at}/data", json=rights, headers={"Range": f"bytes={header}"})
        assert answer.status == 206
        assert data[start:stop] == await answer.read()
    answer = await client.post(f"{at}/data", json=rights, headers={"Range": "bytes=150000-"})
    assert await problem(answer) == (416, "out-of-range")


async def test_one_call_serves_a_script_and_a_repeat_with_its_claim(
    web: Web, client: ClientSession
) -> None:
    """POST /d/<id> hands out everything; with a chosen claim the same call works again."""
    name, key = await shared(client, web, text="for a script")
    claim = Claim.random().reveal()
    for _ in range(2):
        answer = await client.post(f"{web.url}/d/{name}", json={"key": key, "claim": claim})
        assert await answer.text() == "for a script"
        assert answer.headers["OTS-Ticket"]
    name, key = await shared(client, web, text="once")
    answer = await client.post(f"{web.url}/d/{name}", data={"key": key})
    assert await answer.text() == "once"
    answer = await client.post(f"{web.url}/d/{name}", data={"key": key})
    assert await problem(answer) == (410, "gone")


async def test_call_that_can_not_be_repeated_gives_all(web: Web, client: ClientSession) -> None:
    """Without a claim nobody could come back for the rest of a part, so none is asked for."""
    name, key = await shared(client, web, text="the whole of it")
    ranged = {"Range": "bytes=4-"}
    answer = await client.post(f"{web.url}/d/{name}", json={"key": key}, headers=ranged)
    assert (answer.status, await answer.text()) == (200, "the whole of it")


async def test_of_a_hundred_parallel_calls_one_gets_it(web: Web, client: ClientSession) -> None:
    """A hundred openings of one secret over HTTP: one success."""
    name, key = await shared(client, web, text="for one")

    async def call() -> int:
        async with client.post(f"{web.url}/d/{name}", json={"key": key}) as answer:
            await answer.read()
            return answer.status

    statuses = await asyncio.gather(*(call() for _ in range(100)))

    assert statuses.count(200) == 1
    assert {409, 410} >= set(statuses) - {200}


@pytest.mark.parametrize("first", ["wishes", "content"])
async def test_field_order_does_not_matter(web: Web, client: ClientSession, first: str) -> None:
    """A password and a lifetime count whether they come before or after the file."""
    parts = [("password", "sesame"), ("expires", "10m"), ("file", "content")]
    form = FormData(default_to_multipart=True)
    for field, value in parts if first == "wishes" else reversed(parts):
        form.add_field(field, value, filename="a.txt" if field == "file" else None)
    told = await (await client.post(f"{web.url}/upload", data=form)).json()
    link = Link.parse(told["link"])

    wrong = {"key": link.key.reveal(), "password": "x"}
    answer = await client.post(f"{web.url}/d/{link.id}", json=wrong)
    assert await problem(answer) == (403, "wrong-password")
    right = {"key": link.key.reveal(), "password": "sesame"}
    assert await (await client.post(f"{web.url}/d/{link.id}", json=right)).text() == "content"


async def test_raw_body_takes_its_wishes_from_headers(web: Web, client: ClientSession) -> None:
    """A body without a form is the content; its headers name it, also beyond ASCII."""
    data = os.urandom(70_000)
    headers = {"OTS-Name": quote("日本語.txt"), "OTS-Expires": "90s", "OTS-Password": quote("ü")}
    answer = await client.post(f"{web.url}/upload", data=pieces(data), headers=headers)
    assert answer.status == 201
    link = Link.parse((await answer.json())["link"])

    fields = {"key": link.key.reveal(), "password": "ü"}
    answer = await client.post(f"{web.url}/d/{link.id}", json=fields)
    assert data == await answer.read()
    assert answer.headers["Content-Disposition"].endswith("UTF-8''" + quote("日本語.txt"))


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("a\nb.txt", "ab.txt"),
        ('say "hi".txt', "say hi.txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("exe\u202etxt.pdf", "exetxt.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("日本語.txt", "日本語.txt"),
        ("nul.txt", "_nul.txt"),
        (".env", ".env"),
        ("...", "file"),
        ("", "file"),
    ],
)
async def test_file_names_arrive_clean(
    web: Web, client: ClientSession, name: str, saved: str
) -> None:
    """A hostile name becomes a harmless one; an honest one stays."""
    headers = {"OTS-Name": quote(name)}
    answer = await client.post(f"{web.url}/upload", data=b"x", headers=headers)
    link = Link.parse((await answer.json())["link"])
    fields = {"key": link.key.reveal(), "claim": Claim.random().reveal()}
    opened = await (await client.post(f"{web.url}/s/{link.id}/open", json=fields)).json()
    assert saved == opened["name"]


async def test_page_is_the_same_for_every_id(web: Web, client: ClientSession) -> None:
    """Existing, unknown or malformed: the page behind a link has the same bytes and headers."""
    name, _ = await shared(client, web, text="x")
    answers = [
        await client.get(f"{web.url}/s/{i}") for i in (name, Claim.random(), "%00", "a" * 99)
    ]
    bodies = {await answer.read() for answer in answers}
    assert len(bodies) == 1
    assert {200} == {answer.status for answer in answers}


async def test_nothing_is_learned_without_the_key(web: Web, client: ClientSession) -> None:
    """A wrong key for a secret, and any key for no secret, get the same bytes."""
    name, _ = await shared(client, web, text="x")
    unknown, key = str(Link.parse(f"x/s/{name}#{'A' * 43}").id)[::-1][:21] + "A", "A" * 43
    told, _bearer = set(), {"Authorization": f"Bearer {key}"}
    for secret in (name, unknown, "short", "ü"):
        answers = [
            await client.post(f"{web.url}/s/{secret}/peek", json={"key": key}),
            await client.post(f"{web.url}/s/{secret}/open", json={"key": key, "claim": key}),
            await client.post(f"{web.url}/d/{secret}", json={"key": key, "password": "p"}),
            await client.get(
                f"{web.url}/info/{secret}", headers={"Authorization": f"Bearer {key}"}
            ),
            await client.post(f"{web.url}/s/{secret}/done", json={"claim": key}),
            await client.post(f"{web.url}/s/{secret}/progress", json={"claim": key}),
            await client.post(f"{web.url}/s/{secret}/data", json={"claim": key, "ticket": "x"}),
            await client.delete(
                f"{web.url}/s/{secret}", headers={"Authorization": f"Bearer {key}"}
            ),
        ]
        told |= {await answer.text() for answer in answers}
        assert {404} == {answer.status for answer in answers}
    assert len(told) == 1


PREVIEWS = (
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 11.6; rv:92.0) Gecko/20100101 Firefox/92.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Twitterbot/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "facebookcatalog/1.0",
    "WhatsApp/2.23.20.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Microsoft Teams URL Preview",
    "Signal-Android/6.0",
    "Viber/13.3.0",
    "Line/8.0",
    "Iframely/1.3.1 (+https://iframely.com/docs/about)",
    "Embedly/0.2",
    "redditbot/1.0",
    "Pinterestbot/1.0",
    "Applebot/0.1",
    "Mastodon/4.2.0 (http.rb/5.1.1; +https://example.social/)",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (compatible; Outlook-iOS SafeLinks)",
)


async def test_previews_burn_nothing_and_learn_nothing(web: Web, client: ClientSession) -> None:
    """Every crawler's GET, HEAD and prefetch of every route leaves the secret as it was."""
    name, key = await shared(client, web, text="still here")
    paths = [f"/s/{name}", f"/d/{name}", f"/download/{name}", f"/info/{name}"]
    paths += [f"/s/{name}/{action}" for action in ("peek", "open", "data", "done", "progress")]
    before = await web.house.redis.hgetall(f"ots:{{{name}}}")
    for agent in PREVIEWS:
        for path in paths:
            for method, extra in (("GET", {}), ("HEAD", {}), ("GET", {"Purpose": "prefetch"})):
                headers = {"User-Agent": agent, "Accept": "text/html,*/*", **extra}
                async with client.request(method, web.url + path, headers=headers) as answer:
                    assert name not in await answer.text()
    assert before == await web.house.redis.hgetall(f"ots:{{{name}}}")
    answer = await client.post(f"{web.url}/d/{name}", json={"key": key})
    assert await answer.text() == "still here"


@pytest.mark.parametrize(
    ("body", "type_", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"key": 5}', "application/json", 400),
        (b'{"key": "a", "key": "b"}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"key=a&key=b", "application/x-www-form-urlencoded", 400),
        (b"key=a", "text/plain", 400),
        (json.dumps({"key": "A" * 9000}).encode(), "application/json", 413),
    ],
)
async def test_malformed_body_is_a_clear_refusal(
    web: Web, client: ClientSession, body: bytes, type_: str, status: int
) -> None:
    """A body that can't be read is refused with what is wrong, never with a trace."""
    name, _ = await shared(client, web, text="x")
    headers = {"Content-Type": type_}
    for action in ("peek", "open", "data", "done", "progress"):
        answer = await client.post(f"{web.url}/s/{name}/{action}", data=body, headers=headers)
        assert status == (await problem(answer))[0]


async def test_refused_uploads_say_why_and_leave_nothing(web: Web, client: ClientSession) -> None:
    """Empty, doubled, malformed, too long-lived: one clear sentence each, and no trace."""

    async def send(status: int, form: FormData | MultipartWriter | bytes, **headers: str) -> None:
        answer = await client.post(f"{web.url}/upload", data=form, headers=headers)
        assert status == (await problem(answer))[0]

    def form(**fields: str) -> FormData:
        made = FormData(default_to_multipart=True)
        for field, value in fields.items():
            made.add_field(field, value)
        return made

    await send(400, form(text=""))
    await send(400, form(password="x"))
    doubled = form(text="a")
    doubled.add_field("text", "b")
    await send(400, doubled)
    await send(400, form(text="a", expires="soon"))
    await send(400, form(text="a", surprise="b"))
    await send(422, form(text="a", expires="8d"))
    await send(422, form(text="a", expires="1s"))
    await send(422, form(text="a", password="x" * 2000))
    await send(400, form(text="a", password="x" * 9000))
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    await send(400, b"not multipart at all", **broken)
    await send(400, b"--x\r\nbroken", **broken)
    await send(400, b"a", **{"Content-Type": "multipart/form-data"})
    await send(400, b"", **{"OTS-Kind": "text"})
    await send(400, b"a", **{"OTS-Kind": "song"})
    await send(400, b"a", **{"OTS-Name": "%ff"})
    assert [p for p in (web.settings.data_dir / "blobs").rglob("*") if p.is_file()] == []
    kept = cast("list[bytes]", await web.house.redis.keys())
    assert {name for name in kept if not name.startswith(b"ots:limit:")} == {
        b"ots:format",
        b"ots:key-check",
    }


async def test_empty_file_opens_as_an_empty_file(web: Web, client: ClientSession) -> None:
    """A file of 0 bytes is a file."""
    answer = await client.post(f"{web.url}/upload", data=b"", headers={"OTS-Name": "empty"})
    assert answer.status == 201
    link = Link.parse((await answer.json())["link"])
    fetched = await client.post(f"{web.url}/d/{link.id}", json={"key": link.key.reveal()})
    assert (fetched.status, await fetched.read()) == (200, b"")


async def test_client_gone_while_uploading_leaves_nothing(web: Web) -> None:
    """An upload that breaks off is dropped whole."""
    host, port = "127.0.0.1", int(web.url.rpartition(":")[2])
    _, writer = await asyncio.open_connection(host, port)
    writer.write(
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\nOTS-Name: x\r\n\r\n"
    )
    writer.write(os.urandom(1_500_000))
    await writer.drain()
    incoming = web.settings.data_dir / "blobs" / "incoming"
    await until(lambda: any(incoming.iterdir()))
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    await until(lambda: not any(incoming.iterdir()))
    assert [p for p in (web.settings.data_dir / "blobs").rglob("*") if p.is_file()] == []


async def test_announced_size_over_the_limit_is_refused_at_once(
    web: Web, client: ClientSession
) -> None:
    """A client that asks before sending is told before it sends."""
    headers = {"Content-Length": "200000000", "Expect": "100-continue", "OTS-Name": "x"}

    async def never() -> AsyncIterator[bytes]:
        asked.append(True)
        yield b""

    asked: list[bool] = []

    answer = await client.post(f"{web.url}/upload", data=never(), headers=headers, expect100=True)
    assert await problem(answer) == (413, "too-large")
    assert not asked


async def test_errors_are_pages_for_browsers(web: Web) -> None:
    """A browser gets the family's page, a program gets problem+json, with the same status."""
    async with ClientSession(headers={"Accept": "text/html"}) as browser:
        for path, status in (("/nothing", 404), ("/upload", 405), ("/static/../core", 404)):
            answer = await browser.get(web.url + path)
            assert status == answer.status
            assert answer.content_type == "text/html"
            assert "ticket" in await answer.text()


async def test_every_answer_carries_the_security_headers(web: Web, client: ClientSession) -> None:
    """Pages, errors, data and static files: none leaves without the set."""
    name, key = await shared(client, web, text="x")
    answers = [
        await client.get(web.url + path) for path in ("/", f"/s/{name}", "/nothing", "/healthz")
    ]
    answers.append(await client.post(f"{web.url}/d/{name}", json={"key": key}))
    for answer in answers:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
    assert answers[-1].headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


async def test_revoke_by_token_over_http(web: Web, client: ClientSession) -> None:
    """DELETE with the token revokes; afterwards the link says so."""
    answer = await client.post(f"{web.url}/upload", data=b"x")
    told = await answer.json()
    at, key = f"{web.url}/s/{told['id']}", Link.parse(told["link"]).key.reveal()
    bearer = {"Authorization": f"Bearer {told['revoke_token']}"}
    assert (await client.delete(at, headers=bearer)).status == 204
    glance = await (await client.post(f"{at}/peek", json={"key": key})).json()
    assert glance["state"] == "revoked"


async def test_without_javascript_a_pasted_link_opens(web: Web) -> None:
    """The plain form takes the whole link or its key and answers with a form that saves."""
    async with ClientSession(headers={"Accept": "text/html"}) as browser:
        page = await browser.post(f"{web.url}/upload", data={"text": "plain", "password": ""})
        assert page.status == 201
        url = (await page.text()).partition('value="')[2].partition('"')[0]
        link = Link.parse(url)
        save = await browser.post(f"{web.url}/s/{link.id}", data={"link-key": url, "password": ""})
        text = await save.text()
        fields = {
            name: text.partition(f'name="{name}" value="')[2].partition('"')[0]
            for name in ("claim", "ticket")
        }
        answer = await browser.post(f"{web.url}/s/{link.id}/data", data=fields)
        assert await answer.text() == "plain"
        answer = await browser.post(f"{web.url}/s/{link.id}/done", data=fields)
        assert "Destroyed" in await answer.text()
        answer = await browser.post(f"{web.url}/s/{link.id}", data={"link-key": url})
        assert answer.status == 410


async def test_health_tells_the_truth(web: Web, client: ClientSession) -> None:
    """Alive and ready while Redis and the blob store answer; not ready when a part is gone."""
    assert (await client.get(f"{web.url}/healthz")).status == 200
    assert (await client.get(f"{web.url}/readyz")).status == 200
    (web.settings.data_dir / "blobs" / "incoming").rmdir()
    answer = await client.get(f"{web.url}/readyz")
    assert (answer.status, (await answer.json())["blobs"]) == (503, False)


async def test_unlock_by_token_over_http(web: Web, client: ClientSession) -> None:
    """POST unlock with the token gives the attempts back; with another it is the uniform 404."""
    form = {"text": "x", "password": "right"}
    told = await (await client.post(f"{web.url}/upload", data=form)).json()
    at, key = f"{web.url}/s/{told['id']}", Link.parse(told["link"]).key.reveal()
    await web.house.redis.hset(f"ots:{{{told['id']}}}", "tries", 5)
    foreign = {"Authorization": f"Bearer {'A' * 43}"}
    assert await problem(await client.post(f"{at}/unlock", headers=foreign)) == (404, "not-found")
    bearer = {"Authorization": f"Bearer {told['revoke_token']}"}
    assert (await client.post(f"{at}/unlock", headers=bearer)).status == 204
    glance = await (await client.post(f"{at}/peek", json={"key": key})).json()
    assert (glance["state"], glance["attempts_left"]) == ("ready", 5)
