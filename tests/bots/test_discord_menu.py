"""The entry "Share once" in a message's menu: links are made, and the original may go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.discord_payloads import OTHER, USER
from tests.fakes.discord_talk import links, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord

MANAGE = 1 << 13


async def shares(
    talk: FakeDiscord, message: dict[str, Any], count: int = 1, place: str = "guild"
) -> tuple[str, list[str]]:
    """Choose the menu's entry; answer where its last link is, and all that was told."""
    number = await talk.menu(message, place=place)
    told = await talk.answers(number, count)
    return talk.interactions[number].made[-1], told


async def test_message_becomes_links_and_goes(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Its text and each attachment get a link, and its author's message is deleted."""
    talk.bot_may = MANAGE
    message = talk.written("hello", talk.store(b"one"), talk.store(b"two"))
    last, told = await shares(talk, message, 3)
    await talk.shows(last, "original message is deleted")
    sent = [one for one in talk.messages.values() if one["author"]["id"] != USER]
    assert [one["flags"] & 64 for one in sent] == [64, 64, 64]
    assert talk.deleted == [message["id"]]
    got = [await opened(client, web, link) for text in told for link in links(text)]
    assert got == [b"one", b"two", b"hello"]


@pytest.mark.parametrize(
    ("author", "may", "bot_may", "place", "words"),
    [
        (USER, 0, MANAGE, "guild", "is deleted"),
        (OTHER, MANAGE, MANAGE, "guild", "is deleted"),
        (USER, 0, 0, "guild", "delete your message yourself"),
        (USER, 0, MANAGE, "guest", "delete your message yourself"),
        (USER, 0, 0, "group", "delete your message yourself"),
        (USER, 0, 0, "dm", "delete your message yourself"),
        (OTHER, 0, MANAGE, "guild", "its author"),
        (OTHER, 0, 0, "group", "its author"),
        (OTHER, MANAGE, 0, "guild", "you may delete it"),
    ],
)
async def test_original_goes_only_where_both_may(
    talk: FakeDiscord, author: str, may: int, bot_may: int, place: str, words: str
) -> None:
    """Both the person and the bot need the right; otherwise the answer says who has it."""
    talk.may, talk.bot_may = may, bot_may
    message = talk.written("hello", author=author)
    last, _ = await shares(talk, message, place=place)
    await talk.shows(last, words)
    assert talk.deleted == ([message["id"]] if words == "is deleted" else [])
    assert ("DELETE message" in talk.calls) is (words == "is deleted")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(403, 50003, "yourself"), (403, 50001, "yourself"), (404, 10008, "is deleted")],
)
async def test_refused_deletion_is_told(
    talk: FakeDiscord, status: int, code: int, words: str
) -> None:
    """Whatever the rights said, the platform has the last word; gone already is gone."""
    talk.bot_may = MANAGE
    talk.refusals["DELETE message"] = [(status, code)]
    last, _ = await shares(talk, talk.written("hello"))
    told = await talk.shows(last, words)
    assert links(told["content"])


async def test_part_that_is_refused_leaves_the_original(talk: FakeDiscord) -> None:
    """Nothing is deleted that has no link."""
    talk.bot_may = MANAGE
    message = talk.written("hello", talk.store(b"x", status=404))
    last, told = await shares(talk, message, 2)
    assert "again" in told[0]
    await talk.shows(last, "not all of it could be shared")
    assert talk.deleted == []


async def test_message_with_nothing_to_share_is_told(talk: FakeDiscord) -> None:
    """A sticker or an embed has neither text nor file."""
    _, told = await shares(talk, talk.written(""))
    assert "can't take this kind" in told[0]


async def test_where_answers_are_few_the_rest_is_named(talk: FakeDiscord) -> None:
    """Where the app is installed to an account alone, Discord takes six answers."""
    message = talk.written("hello", *(talk.store(b"x") for _ in range(7)))
    last, told = await shares(talk, message, 6, place="guest")
    told = (await talk.shows(last, "so often only: 2"))["content"].splitlines()
    assert len(links("\n".join(told))) == 1
    assert "POST answer" in talk.calls
    assert talk.calls.count("POST answer") == 5
