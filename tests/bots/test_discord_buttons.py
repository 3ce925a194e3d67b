"""The buttons below a link: what they change, for whom, and after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from core.secret import Sender, State
from tests.contents import until
from tests.fakes.discord_payloads import OTHER, USER
from tests.fakes.discord_talk import door, links, opened, shared, tried, written

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.link import Link
    from core.secret import Status
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord

LIFETIME = "Another lifetime, from now on"
EXTERNAL_APPS = 1 << 50


async def status(web: Web, link: Link) -> Status:
    vault = web.house.vault
    return await vault.control.status(link.id, vault.owner(Sender("discord", USER)))


async def set_password(talk: FakeDiscord, message: str, **values: str) -> str:
    form = await talk.form(await talk.press(message, "Password"))
    return await talk.submit(form, values, message=message)


@pytest.mark.parametrize("seconds", [300, 3600, 18000, 86400, 604800])
async def test_lifetime_is_chosen_again(talk: FakeDiscord, web: Web, seconds: int) -> None:
    """The menu moves the moment at which it expires, and the link stays."""
    message, link = await shared(talk)
    await talk.press(message, LIFETIME, str(seconds))
    told = await talk.shows(message, "lifetime is changed")
    assert links(told["content"]) == [link]
    left = (await status(web, link)).expires_at - datetime.now(UTC)
    assert abs(left - timedelta(seconds=seconds)) < timedelta(seconds=30)


async def test_lifetimes_end_at_the_operators_longest(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """Nothing is offered that would be refused."""
    policy = replace(settings.policy, max_lifetime=timedelta(hours=1))
    policy = replace(policy, default_lifetime=timedelta(hours=1))
    share.vault.policy = policy
    async with door(replace(share, policy=policy), settings, discord):
        form = await discord.form(await discord.command("share"))
        number = await discord.submit(form, {"text": "hello", "lifetime": "3600"})
        await discord.reply(number)
        menu = discord.button(discord.interactions[number].made[0], LIFETIME)
    assert [option["value"] for option in menu["options"]] == ["300", "3600"]


async def test_password_is_set_changed_and_removed(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """The link stays; the key comes back with the form's message, and the old password is asked."""
    message, link = await shared(talk)
    await set_password(talk, message, new="first")
    told = await talk.shows(message, "password is set")
    assert links(told["content"]) == [link]
    assert await tried(client, web, link) == 403

    await set_password(talk, message, new="second", old="wrong")
    await talk.shows(message, "attempts left: 4")
    await set_password(talk, message, new="second", old="first")
    await talk.shows(message, "password is set")
    assert await tried(client, web, link, password="first") == 403

    await set_password(talk, message, old="second")
    await talk.shows(message, "password is gone")
    assert await opened(client, web, link) == b"hello"


async def test_password_that_came_meanwhile_is_asked_for(talk: FakeDiscord, web: Web) -> None:
    """A form that was shown before there was a password can't take it away."""
    message, link = await shared(talk)
    late = await talk.form(await talk.press(message, "Password"))
    await set_password(talk, message, new="pw")
    await talk.shows(message, "password is set")
    await talk.submit(late, {"new": "other"}, message=message)
    await talk.shows(message, "has a password by now")
    assert (await status(web, link)).attempts_left == 5


async def test_password_form_never_asks_for_a_platform_login(talk: FakeDiscord) -> None:
    """It says whose password it is, and what not to enter."""
    message, _ = await shared(talk, password="pw")
    told = str(await talk.form(await talk.press(message, "Password")))
    assert "Do not enter your Discord login" in told
    assert "your password" not in told.lower()


async def test_revoke_asks_first(talk: FakeDiscord, web: Web, client: ClientSession) -> None:
    """Kept when it is not meant; destroyed when it is, and neither link nor button stay."""
    message, link = await shared(talk)
    await talk.press(message, "Revoke")
    await talk.shows(message, "Destroy it now?")
    await talk.press(message, "Keep it")
    await until(lambda: "Destroy" not in talk.messages[message]["content"])
    assert (await status(web, link)).state is State.READY

    await talk.press(message, "Revoke")
    await talk.shows(message, "Destroy it now?")
    await talk.press(message, "Destroy it")
    told = await talk.shows(message, "Revoked")
    assert (links(told["content"]), told["components"]) == ([], [])
    assert await tried(client, web, link) == 410


async def test_lock_shows_and_its_sender_unlocks(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """After five wrong passwords the message says so by itself, and a button gives five more."""
    message, link = await shared(talk, password="right")
    assert [await tried(client, web, link, password="wrong") for _ in range(5)] == [403] * 5
    told = await talk.shows(message, "Locked after 5 wrong passwords")
    assert links(told["content"]) == [link]
    assert "Post link here" not in talk.offered(message)
    await talk.press(message, "Unlock")
    await talk.shows(message, "Unlocked")
    assert "Post link here" in talk.offered(message)
    assert await opened(client, web, link, password="right") == b"hello"


@pytest.mark.parametrize(
    "label", ["Refresh", "Password", "Post link here", "Revoke", "Tell me by DM", LIFETIME]
)
async def test_only_the_sender_may_press(talk: FakeDiscord, web: Web, label: str) -> None:
    """Somebody else is told so, and changes nothing, whatever they press."""
    message, link = await shared(talk)
    before, content = await status(web, link), talk.messages[message]["content"]
    number = await talk.press(message, label, *(["300"] if label == LIFETIME else []), user=OTHER)
    assert "Only whoever shared it" in await talk.reply(number)
    assert (await status(web, link), talk.messages[message]["content"]) == (before, content)
    assert talk.dms == []


async def test_buttons_hold_no_key(talk: FakeDiscord) -> None:
    """What Discord stores of a button names the secret, and opens nothing."""
    message, link = await shared(talk)
    told = str(talk.messages[message]["components"])
    assert str(link.id) in told
    assert link.key.reveal() not in told
    ids = [talk.button(message, label)["custom_id"] for label in talk.offered(message)]
    assert len(ids) == 6
    assert all(len(one) <= 100 for one in ids)


async def test_conversation_goes_on_after_a_restart(
    discord: FakeDiscord, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """Buttons work in a client that never sent them, and forms that another one showed."""
    async with door(share, settings, discord):
        message, link = await shared(discord)
        share_form = await discord.form(await discord.command("share"))
        password_form = await discord.form(await discord.press(message, "Password"))
    async with door(share, settings, discord):
        await discord.press(message, LIFETIME, "300")
        await discord.shows(message, "lifetime is changed")
    async with door(share, settings, discord):
        await discord.press(message, "Revoke")
        await discord.shows(message, "Destroy it now?")
    async with door(share, settings, discord):
        await discord.submit(password_form, {"new": "pw"}, message=message)
        await discord.shows(message, "password is set")
        assert await opened(client, web, link, password="pw") == b"hello"
        number = await discord.submit(share_form, {"text": "late", "lifetime": "300"})
        assert links(await discord.reply(number))


async def test_press_shows_the_truth_when_no_edit_came_through(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """Once its token is over a message stays as it is, until somebody presses."""
    message, link = await shared(talk)
    talk.refusals["PATCH answer"] = [(401, 50027)]
    await opened(client, web, link)
    assert links(talk.messages[message]["content"]) == [link]
    await talk.press(message, "Refresh")
    told = await talk.shows(message, "Opened ")
    assert (links(told["content"]), told["components"]) == ([], [])


async def test_press_on_what_is_forgotten_says_so(talk: FakeDiscord, web: Web) -> None:
    """A day after the end nobody knows any more; the link goes from the text."""
    message, link = await shared(talk)
    await web.house.redis.delete(f"ots:{{{link.id}}}")
    await talk.press(message, "Refresh")
    told = await talk.shows(message, "forgotten")
    assert (links(told["content"]), told["components"]) == ([], [])


@pytest.mark.parametrize("code", [10062, 40060])
async def test_press_that_can_not_be_answered_changes_nothing(
    talk: FakeDiscord, web: Web, code: int
) -> None:
    """Too late, or answered by another replica: nothing is done, and the next press works."""
    message, link = await shared(talk)
    talk.refusals["POST callback"] = [(404 if code == 10062 else 400, code)]
    before = await status(web, link)
    number = await talk.press(message, LIFETIME, "300")
    await until(lambda: not talk.refusals["POST callback"])
    await talk.press(message, "Refresh")
    await until(lambda: "PATCH @original" in talk.calls[-1:])
    assert await status(web, link) == before
    assert talk.contents(number) == []


async def test_rate_limited_edit_comes_later(talk: FakeDiscord) -> None:
    """When told to wait, the door waits and edits then."""
    message, _ = await shared(talk)
    talk.refusals["PATCH @original"] = [(429, 0)]
    await talk.press(message, LIFETIME, "300")
    await talk.shows(message, "lifetime is changed")


async def test_direct_messages_offer_what_makes_sense_there(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """In a direct message nobody else reads along, and its sender is told there anyway."""
    message, link = await written(talk)
    assert talk.offered(message) == {LIFETIME, "Password", "Refresh", "Revoke"}
    await set_password(talk, message, new="pw")
    await talk.shows(message, "password is set")
    assert await opened(client, web, link, password="pw") == b"hello"
