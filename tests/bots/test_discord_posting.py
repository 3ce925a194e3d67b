"""The button "Post link here": the one answer that is not for the sender alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.discord_talk import links, shared

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord

EXTERNAL_APPS = 1 << 50


async def test_link_is_posted_for_everybody(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """The first answer to that press is public, shows no preview, and mentions nobody."""
    message, link = await shared(talk, place="guild")
    number = await talk.press(message, "Post link here", place="guild")
    text = await talk.reply(number)
    assert links(text) == [link]
    response = talk.interactions[number].response
    assert response is not None
    assert (response["type"], response["data"]["flags"]) == (4, 4)
    assert response["data"]["allowed_mentions"] == {"parse": []}
    assert "components" not in response["data"]


@pytest.mark.parametrize(
    ("place", "may", "public"),
    [("guest", 0, False), ("guest", EXTERNAL_APPS, True), ("group", 0, True)],
)
async def test_link_is_posted_only_where_others_would_see_it(
    talk: FakeDiscord, place: str, may: int, public: bool
) -> None:
    """Where Discord hides what an app of one's own says, the person posts it."""
    message, link = await shared(talk, place=place)
    talk.may = may
    number = await talk.press(message, "Post link here", place=place)
    text = await talk.reply(number)
    assert links(text) == ([link] if public else [])
    assert public or "copy the link" in text
    response = talk.interactions[number].response
    assert response is not None
    assert bool(response["data"].get("flags", 0) & 64) is not public
