"""/secrets and /delete-my-data: what a person has, and its end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from core.secret import Kind, Sender, State
from tests.contents import pieces, until
from tests.fakes.discord_payloads import OTHER, USER
from tests.fakes.discord_talk import read_whole, shared, tried

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord


async def listed(talk: FakeDiscord, name: str = "secrets", user: str = USER) -> str:
    """Ask, and answer the message that came."""
    number = await talk.command(name, user=user)
    await talk.reply(number)
    return talk.interactions[number].made[0]


async def test_secrets_tell_where_they_stand(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """What waits and what is over is listed, for its sender's eyes only."""
    _, first = await shared(talk)
    await shared(talk, password="pw")
    await read_whole(client, web, first)
    message = await listed(talk)
    lines = talk.messages[message]["content"].splitlines()
    assert re.search(r"^1\. .*Waiting, expires <t:\d+:R>", lines[1])
    assert re.search(r"^2\. .*Opened \d\d:\d\d UTC", lines[2])
    assert talk.messages[message]["flags"] & 64
    assert len(talk.button(message, "Revoke one")["options"]) == 1


async def test_nothing_shared_is_said(talk: FakeDiscord) -> None:
    """An empty list is a sentence, also where others have shared."""
    await shared(talk)
    message = await listed(talk, user=OTHER)
    assert "shared nothing" in talk.messages[message]["content"]
    assert talk.messages[message]["components"] == []


async def test_secret_is_revoked_from_the_list(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """After a question; the message with the link says so too."""
    holder, link = await shared(talk)
    message = await listed(talk)
    [option] = talk.button(message, "Revoke one")["options"]
    await talk.press(message, "Revoke one", option["value"])
    await talk.shows(message, "Destroy number 1")
    await talk.press(message, "Keep it")
    await talk.shows(message, "Waiting")
    await talk.press(message, "Revoke one", option["value"])
    await talk.shows(message, "Destroy number 1")
    await talk.press(message, "Destroy it")
    await talk.shows(message, "Revoked")
    assert await tried(client, web, link) == 410
    await talk.shows(holder, "Revoked")


async def test_what_was_opened_meanwhile_is_not_revoked(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """The list says what happened instead."""
    _, link = await shared(talk)
    message = await listed(talk)
    [option] = talk.button(message, "Revoke one")["options"]
    await talk.press(message, "Revoke one", option["value"])
    await talk.shows(message, "Destroy number 1")
    await read_whole(client, web, link)
    await talk.press(message, "Destroy it")
    await talk.shows(message, "Opened ")


async def test_somebody_else_revokes_nothing(talk: FakeDiscord, web: Web) -> None:
    """Buttons of a list work for its owner alone, whoever else sends their names."""
    _, link = await shared(talk)
    message = await listed(talk)
    [option] = talk.button(message, "Revoke one")["options"]
    await talk.press(message, "Revoke one", option["value"])
    await talk.shows(message, "Destroy number 1")
    await talk.press(message, "Destroy it", user=OTHER)
    await talk.shows(message, "shared nothing")
    owner = web.house.vault.owner(Sender("discord", USER))
    assert (await web.house.vault.control.status(link.id, owner)).state is State.READY


async def test_long_list_is_cut(talk: FakeDiscord, web: Web) -> None:
    """It fits into one message, and says how many it leaves out."""
    owner = web.house.vault.owner(Sender("discord", USER))
    for _ in range(17):
        await web.house.vault.seal(pieces(b"x"), kind=Kind.FILE, owner=owner)
    message = await listed(talk)
    assert "left out: 2" in talk.messages[message]["content"]
    assert len(talk.button(message, "Revoke one")["options"]) == 15


async def test_data_is_deleted_after_a_question(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """What waits is destroyed, the list is empty, and the answer says what stays how long."""
    _, link = await shared(talk)
    message = await listed(talk, "delete-my-data")
    await talk.press(message, "Delete my data")
    told = await talk.shows(message, "destroyed: 1")
    assert "24 hours" in told["content"]
    assert await tried(client, web, link) == 410
    assert "shared nothing" in talk.messages[await listed(talk)]["content"]


async def test_data_is_kept_when_it_is_not_meant(talk: FakeDiscord, web: Web) -> None:
    """The other button changes nothing."""
    await shared(talk)
    message = await listed(talk, "delete-my-data")
    await talk.press(message, "Keep everything")
    await talk.shows(message, "Nothing was changed")
    assert "Waiting" in talk.messages[await listed(talk)]["content"]


@pytest.mark.parametrize("code", [10062, 40060])
async def test_unanswerable_wish_deletes_nothing(talk: FakeDiscord, code: int) -> None:
    """What can't be acknowledged is not begun."""
    await shared(talk)
    message = await listed(talk, "delete-my-data")
    talk.refusals["POST callback"] = [(404 if code == 10062 else 400, code)]
    await talk.press(message, "Delete my data")
    await until(lambda: not talk.refusals["POST callback"])
    assert "Waiting" in talk.messages[await listed(talk)]["content"]
