"""The sender in Telegram stays in control: presses, receipts, lists; and what spoils none of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import Gone, Locked, WrongPassword
from core.link import Claim
from core.secret import State
from tests.contents import until
from tests.fakes.telegram_chats import buttons
from tests.fakes.telegram_talk import door, links, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.link import Link
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram


FORGED = [f"{what[0]}:{'A' * 22}:{what[1:]}" for what in ("R", "t", "tsoon", "t999999999")]


async def shared(bot: FakeTelegram, text: str = "a text") -> tuple[dict[str, Any], Link]:
    """Share a text; answer the bot's message, as the chat shows it when all is done."""
    await bot.gone(bot.say(text=text))
    message = await bot.said("Your message is deleted")
    return message, links(message)[0]


def shown(bot: FakeTelegram, message: dict[str, Any]) -> str:
    return str(bot.messages[message["message_id"]]["text"])


def labels(bot: FakeTelegram, message: dict[str, Any]) -> list[str]:
    return [button["text"] for button in buttons(bot.messages[message["message_id"]])]


async def test_link_has_controls_that_hold_no_key(bot: FakeTelegram) -> None:
    """Copy, lifetimes and revoke are offered; what a press says is an action and an id."""
    message, link = await shared(bot)
    assert labels(bot, message) == [
        "Copy link",
        *("5 min", "1 h", "✓ 5 h", "1 day", "7 days"),
        "Password",
        "Revoke",
    ]
    said = [b["callback_data"] for b in buttons(bot.messages[message["message_id"]])[1:]]
    assert all(str(link.id) in data and len(data) <= 64 for data in said)
    assert all(link.key.reveal() not in data for data in said)


async def test_lifetime_is_changed_in_place(bot: FakeTelegram, web: Web) -> None:
    """A press gives another lifetime; the message says it, and the link stays good."""
    message, link = await shared(bot)
    bot.press(message, "1 day")
    await until(lambda: "Waiting, expires in 1 day" in shown(bot, message))
    assert links(bot.messages[message["message_id"]]) == [link]
    bot.press(message, "5 min")
    await until(lambda: "expires in 5 min" in shown(bot, message))
    glance = await web.house.vault.peek(link.id, link.key)
    assert glance.state == State.READY
    assert bot.called("answerCallbackQuery")


async def test_operators_burn_is_told(bot: FakeTelegram, web: Web) -> None:
    """Whoever did not do it themselves is told, in place and by a short message."""
    message, link = await shared(bot)
    await web.house.vault.control.burn(link.id)
    await until(lambda: "operator" in bot.sent[-1]["text"])
    await until(lambda: "operator" in shown(bot, message))


async def test_opening_is_told_in_place_and_by_a_short_message(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Once it was opened the link goes from the message, with the buttons, and a reply notifies."""
    message, link = await shared(bot)
    assert (await opened(client, web.url, link))[0] == b"a text"
    notice = await bot.said("Opened", "UTC.")
    await until(lambda: "opens nothing any more" in shown(bot, message))
    assert links(bot.messages[message["message_id"]]) == []
    assert labels(bot, message) == []
    await until(lambda: len(bot.sent) == 2)
    assert bot.sent[-1]["reply_to_message"]["message_id"] == message["message_id"]
    assert notice["chat"] == message["chat"]


async def test_revoking_is_confirmed_first(bot: FakeTelegram, web: Web) -> None:
    """A first press only asks; no keeps it, yes destroys it, and no message repeats the obvious."""
    message, link = await shared(bot)
    bot.press(message, "Revoke")
    await until(lambda: "No, keep it" in labels(bot, message))
    bot.press(message, "No, keep it")
    await until(lambda: "Revoke" in labels(bot, message))
    bot.press(message, "Revoke")
    await until(lambda: "Yes, destroy it" in labels(bot, message))
    bot.press(message, "Yes, destroy it")
    await until(lambda: "Revoked" in shown(bot, message))
    assert labels(bot, message) == []
    with pytest.raises(Gone):
        await web.house.vault.open(link.id, link.key, Claim.random())
    await web.house.outbox.flush()
    bot.command("/help")
    await bot.said("Link previews")
    assert len(bot.sent) == 2


async def test_lock_is_told_and_undone(bot: FakeTelegram, web: Web) -> None:
    """A locked secret's sender is told, there and in place, with a button that undoes it."""
    message, link = await shared(bot)
    vault = web.house.vault
    owner = vault.owner(sender_of(message))
    await vault.control.rewrap(link.id, link.key, owner, password="right")
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await vault.open(link.id, link.key, Claim.random(), "wrong")
    notice = await bot.said("Locked after too many")
    with pytest.raises(Locked):
        await vault.open(link.id, link.key, Claim.random(), "right")
    await until(lambda: "Locked" in shown(bot, message) and "Unlock" in labels(bot, message))
    bot.press(notice, "Unlock")
    await until(lambda: "Waiting" in shown(bot, notice) and "Waiting" in shown(bot, message))
    assert "✓ 5 h" in labels(bot, message)
    assert (await vault.peek(link.id, link.key)).attempts_left == 5
    assert links(bot.messages[message["message_id"]]) == [link]


async def test_press_that_comes_too_late_shows_the_truth(
    bot: FakeTelegram, web: Web, share: Share, settings: Settings
) -> None:
    """Who presses after the opening is told so, and the message shows it."""
    message, link = await shared(bot)
    await web.house.vault.open(link.id, link.key, claim := Claim.random())
    async with web.house.vault.take(link.id, link.key, claim) as (delivery, _):
        async for _ in delivery:
            pass
    bot.press(message, "1 h")
    await until(lambda: bot.called("answerCallbackQuery"))
    [answer] = bot.called("answerCallbackQuery")
    assert "Too late" in answer["text"]
    assert answer["show_alert"] is True
    await until(lambda: "Opened" in shown(bot, message))


@pytest.mark.parametrize("data", ["x:AAAA:", "", "t:short:60", *FORGED])
async def test_press_of_somebody_else_or_of_nothing_changes_nothing(
    bot: FakeTelegram, web: Web, data: str
) -> None:
    """A forged or foreign press is answered, and the secret stays as it was."""
    message, link = await shared(bot)
    if data:
        bot.press_data(message, data)
    else:
        bot.press(message, "5 min", by=77)
    await until(lambda: bot.called("answerCallbackQuery"))
    assert bot.called("answerCallbackQuery")[0]["show_alert"] is True
    assert (await web.house.vault.peek(link.id, link.key)).state == State.READY
    assert links(bot.messages[message["message_id"]]) == [link]


async def test_press_under_a_message_that_is_gone_still_counts(bot: FakeTelegram, web: Web) -> None:
    """A message that Telegram no longer shows to the bot spoils no press."""
    message, link = await shared(bot)
    del bot.messages[message["message_id"]]
    bot.press_data(message, f"R:{link.id}:")
    await until(lambda: bot.called("answerCallbackQuery"))
    assert (await web.house.vault.peek(link.id, link.key)).state == State.REVOKED


@pytest.mark.parametrize(
    ("method", "code", "description"),
    [
        ("answerCallbackQuery", 400, "Bad Request: query is too old and response timeout expired"),
        ("editMessageText", 400, "Bad Request: message can't be edited"),
        ("editMessageText", 429, "Too Many Requests: retry after 1"),
    ],
)
async def test_platform_that_refuses_an_answer_spoils_no_press(
    bot: FakeTelegram, web: Web, method: str, code: int, description: str
) -> None:
    """What was pressed is done, also where Telegram does not let it be shown."""
    message, link = await shared(bot)
    bot.refuse(method, code, description, **({"retry_after": 1} if code == 429 else {}))
    bot.press_data(message, f"R:{link.id}:")
    await until(lambda: bot.called("answerCallbackQuery"))
    assert (await web.house.vault.peek(link.id, link.key)).state == State.REVOKED
    bot.command("/help")
    await bot.said("Link previews")


async def test_list_shows_and_revokes(bot: FakeTelegram, web: Web, client: ClientSession) -> None:
    """All of a sender's secrets stand in the list, by state and time; each that waits can go."""
    _, first = await shared(bot)
    await opened(client, web.url, first)
    await bot.gone(bot.say(text="another"))
    await until(lambda: sum("is deleted" in sent["text"] for sent in bot.messages.values()) >= 1)
    bot.command("/list")
    listed = await bot.said("Your secrets:", "1. Waiting", "2. Opened")
    assert labels(bot, listed) == ["Revoke 1"]
    assert "another" not in listed["text"]
    bot.press(listed, "Revoke 1")
    await until(lambda: "Yes, destroy it" in labels(bot, listed))
    bot.press(listed, "Yes, destroy it")
    await until(lambda: "1. Revoked" in shown(bot, listed))
    assert labels(bot, listed) == []


async def test_data_is_deleted_on_request(bot: FakeTelegram, web: Web) -> None:
    """After a confirmation everything that waits is revoked, and the list is empty."""
    _, link = await shared(bot)
    bot.command("/delete_my_data")
    asked = await bot.said("revokes every secret")
    assert (await web.house.vault.peek(link.id, link.key)).state == State.READY
    bot.press(asked, "Yes, destroy everything")
    await until(lambda: "1 secret was revoked" in shown(bot, asked))
    assert (await web.house.vault.peek(link.id, link.key)).state == State.REVOKED
    bot.command("/list")
    await bot.said("no secrets here")


async def test_edited_message_is_explained(bot: FakeTelegram) -> None:
    """Who edits what was shared is told that the link holds the first version."""
    bot.hold("deleteMessage")
    message = bot.say(text="first")
    await bot.answers()
    bot.edit(message, "second")
    await bot.said("as it was first")
    bot.gates["deleteMessage"].set()


async def test_what_happens_while_the_bot_is_down_is_told_when_it_is_back(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """The recipient opens while no bot runs; the next one tells the sender."""
    async with door(share, settings, telegram):
        message, link = await shared(telegram)
    await opened(client, web.url, link)
    await web.house.outbox.flush()
    assert links(telegram.messages[message["message_id"]]) == [link]
    async with door(share, settings, telegram):
        await telegram.said("Opened", "UTC.")
        await until(lambda: links(telegram.messages[message["message_id"]]) == [])


async def test_blocked_bot_tells_nobody_and_goes_on(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """A receipt for who blocked the bot is dropped; the next sender is told."""
    _, first = await shared(bot)
    for method in ("editMessageText", "sendMessage"):
        bot.refuse(method, 403, "Forbidden: bot was blocked by the user")
    await opened(client, web.url, first)
    await until(lambda: not bot.moods["editMessageText"])
    bot.moods["sendMessage"].clear()
    await asyncio.sleep(0)
    await bot.gone(bot.say(text="next"))
    await until(lambda: sum("is deleted" in m["text"] for m in bot.messages.values()) == 2)
    second = links(max(bot.messages.values(), key=lambda m: m["message_id"]))[0]
    await opened(client, web.url, second)
    await bot.said("Opened", "UTC.")


async def test_fault_of_ours_is_answered(
    bot: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no sentence covers ends the button's waiting all the same."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    message, link = await shared(bot)
    monkeypatch.setattr("core.control.Control.revoke", broken)
    bot.press_data(message, f"R:{link.id}:")
    await until(lambda: bot.called("answerCallbackQuery"))
    assert "press again" in bot.called("answerCallbackQuery")[0]["text"]


def sender_of(message: dict[str, Any]) -> Any:
    from core.secret import Sender  # noqa: PLC0415

    return Sender("telegram", str(message["chat"]["id"]))
