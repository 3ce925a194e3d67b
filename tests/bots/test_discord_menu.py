"""The entry "Share once" in a message's menu: a link is made, and the original may go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.discord_payloads import OTHER, USER
from tests.fakes.discord_talk import links, unpacked

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


async def test_message_becomes_a_link_and_goes(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Its text and its attachments are one zip, and its author's message is deleted."""
    talk.bot_may = MANAGE
    message = talk.written("hello", talk.store(b"one"), talk.store(b"two"))
    last, told = await shares(talk, message)
    await talk.shows(last, "original message is deleted")
    sent = [one for one in talk.messages.values() if one["author"]["id"] != USER]
    assert [one["flags"] & 64 for one in sent] == [64]
    assert talk.deleted == [message["id"]]
    assert await unpacked(client, web, links(told[0])[0]) == {
        "message.txt": b"hello",
        "a.bin": b"one",
        "a (2).bin": b"two",
    }


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


async def test_part_that_is_refused_leaves_the_original(talk: FakeDiscord, web: Web) -> None:
    """Nothing is deleted that has no link, and nothing of it is shared."""
    talk.bot_may = MANAGE
    message = talk.written("hello", talk.store(b"x"), talk.store(b"x", status=404))
    _, told = await shares(talk, message)
    await talk.reply(await talk.command("help"))
    assert "again" in told[0]
    assert links(told[0]) == []
    assert talk.deleted == []
    assert await web.house.redis.keys("ots:{*}") == []


async def test_message_with_nothing_to_share_is_told(talk: FakeDiscord) -> None:
    """A sticker or an embed has neither text nor file."""
    _, told = await shares(talk, talk.written(""))
    assert "can't take this kind" in told[0]
