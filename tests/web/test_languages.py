"""The web speaks as the visitor's browser asks, or as they chose here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.asked import asked

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web

GERMAN = {"Accept-Language": "de-CH, en;q=0.5"}


async def test_page_and_refusal_are_in_the_browsers_language(
    web: Web, client: ClientSession
) -> None:
    """A page says its language, and a refusal to a program is said in it, too."""
    for headers, language, title in ((GERMAN, "de", "Hier ist nichts"), ({}, "en", "Nothing here")):
        async with client.get(f"{web.url}/s/x", headers=headers) as answer:
            assert f'<html lang="{language}" dir="ltr">' in await answer.text()
        fields = {"key": "A" * 43}
        async with client.post(
            f"{web.url}/s/{'A' * 22}/peek", json=fields, headers=headers
        ) as answer:
            assert (await answer.json())["title"] == title


async def test_choice_counts_more_than_the_browsers_wish(web: Web, client: ClientSession) -> None:
    """It is kept in one cookie that holds nothing else; what is no language of ours is refused."""
    chosen = {"language": "ar"}
    async with client.get(f"{web.url}/language", params=chosen, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        cookie = answer.cookies["language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("ar", True, "Lax")
    headers = {**GERMAN, "Cookie": "language=ar"}
    async with client.get(f"{web.url}/", headers=headers) as answer:
        assert '<html lang="ar" dir="rtl">' in await answer.text()
    async with client.get(f"{web.url}/language", params={"language": "../en"}) as answer:
        assert answer.status == 400


async def test_nameless_asker_is_somebody_in_every_language(
    web: Web, client: ClientSession
) -> None:
    """Who gave no name is named by a word of the reader's language; a given name stays."""
    for label, shown in (("", "Jemand"), ("Ann", "Ann")):
        invited = await asked(web.house, label=label)
        fields = {"token": invited.token.reveal()}
        async with client.post(
            f"{web.url}/r/{invited.id}/peek", json=fields, headers=GERMAN
        ) as answer:
            assert (await answer.json())["label"] == shown
