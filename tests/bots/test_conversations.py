"""The main conversations, whole: docs/conversations.md is what these tests see.

After a change of words, `make conversations` writes it anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import FormData

from tests.asked import through_web
from tests.bots.test_discord_buttons import set_password
from tests.bots.test_discord_requests import asked as asked_in_discord
from tests.bots.test_discord_requests import fetched
from tests.bots.test_telegram_controls import shared
from tests.bots.test_telegram_password import prompted, replied
from tests.bots.test_telegram_requests import asked
from tests.bots.transcript import Shown, Transcript
from tests.contents import until
from tests.fakes import discord_talk
from tests.fakes.discord_payloads import USER
from tests.fakes.telegram_chats import buttons
from tests.fakes.telegram_talk import links, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord
    from tests.fakes.telegram import FakeTelegram

PAGE = Path(__file__).parents[2] / "docs" / "conversations.md"
WRITE = "WRITE_CONVERSATIONS" in os.environ


def compare(title: str, transcript: Transcript) -> None:
    """See that the page has this conversation, or write it there."""
    head, *sections = PAGE.read_text().split("\n## ")
    page = dict(section.split("\n", 1) for section in sections)
    told = "\n".join(["", *transcript.lines])
    if WRITE:
        page[title] = told
        parts = [f"{name}\n{text}" for name, text in page.items()]
        PAGE.write_text("\n## ".join([head, *parts]))
    assert page[title].strip() == told.strip()


def telegram_chat(bot: FakeTelegram) -> Transcript:
    def chat() -> dict[str, Shown]:
        return {str(number): shown(message) for number, message in bot.messages.items()}

    def shown(message: dict[str, object]) -> Shown:
        author = message["from"]
        who = "Bot" if isinstance(author, dict) and author["is_bot"] else "You"
        text = message.get("text") or message.get("caption") or "(a file)"
        return Shown(who, str(text), tuple(button["text"] for button in buttons(message)))

    return Transcript(chat)


def discord_chat(talk: FakeDiscord) -> Transcript:
    def chat() -> dict[str, Shown]:
        there = {number: one for number, one in talk.messages.items() if number not in talk.deleted}
        return {number: shown(number, one) for number, one in there.items() if one["content"]}

    def shown(number: str, message: dict[str, object]) -> Shown:
        author = message["author"]
        who = "You" if isinstance(author, dict) and author["id"] == USER else "Bot"
        labels = [
            item.get("label") or item["placeholder"]
            for row in talk.messages[number]["components"]
            for item in row["components"]
        ]
        return Shown(who, str(message["content"]), tuple(labels))

    return Transcript(chat)


async def test_telegram_text(bot: FakeTelegram, web: Web, client: ClientSession) -> None:
    """A text becomes a link; its lifetime and password change; its opening is told."""
    chat = telegram_chat(bot)
    chat.step("You press Start.")
    bot.command("/start")
    await bot.said("opens exactly once")
    chat.look()
    chat.step("You send a text; the bot deletes it when the link is there.")
    message, link = await shared(bot, "the door code is 4711")
    chat.look()
    chat.step("You press “1 day”.")
    bot.press(message, "1 day")
    await until(lambda: "expires in 1 day" in bot.messages[message["message_id"]]["text"])
    chat.look()
    chat.step("You press “Password”.")
    prompt = await prompted(bot, message)
    chat.look()
    chat.step("You reply with a password; the bot deletes your reply and its question.")
    await replied(bot, prompt, "four words of mine", "password is set")
    chat.look()
    chat.step("The recipient opens the link, with the password.")
    fields = {"key": link.key.reveal(), "password": "four words of mine"}
    async with client.post(f"{web.url}/d/{link.id}", json=fields) as answer:
        assert answer.status == 200
    await until(lambda: bot.sent[-1]["text"].startswith("Opened"))
    await until(lambda: "nothing any more" in bot.messages[message["message_id"]]["text"])
    chat.look()
    compare("Telegram: a text, its controls, its opening", chat)


async def test_telegram_files_and_revoke(bot: FakeTelegram) -> None:
    """An album is one link; it is revoked after a question; the list tells."""
    chat = telegram_chat(bot)
    chat.step("You send two photos at once, with a caption.")
    for caption in ({"caption": "the hall"}, {}):
        photo = [bot.store(b"photo", width=1, height=1)]
        bot.say(photo=photo, media_group_id="1", **caption)
    chat.look()
    await bot.said("deleted")
    [message] = [one for one in bot.messages.values() if "/s/" in one.get("text", "")]
    chat.look()
    chat.step("You press “Revoke”.")
    bot.press(message, "Revoke")
    await until(lambda: "No, keep it" in str(bot.messages[message["message_id"]]))
    chat.look()
    chat.step("You press “Yes, destroy it”.")
    bot.press(message, "Yes, destroy it")
    await until(lambda: "Revoked" in bot.messages[message["message_id"]]["text"])
    chat.look()
    chat.step("You ask for your list.")
    bot.command("/list")
    await bot.said("Your secrets")
    chat.look()
    compare("Telegram: an album, revoked", chat)


async def test_telegram_request(bot: FakeTelegram, web: Web, client: ClientSession) -> None:
    """Somebody is asked for something, and its link comes back into the chat."""
    chat = telegram_chat(bot)
    chat.step("You ask, and give the name that the page shall show.")
    message, url = await asked(bot, "/request Ann")
    chat.look()
    chat.step("Somebody opens that link, and hands a text in.")
    form = FormData(default_to_multipart=True)
    form.add_field("text", "the code is 4711")
    assert await through_web(client, url, form) == 201
    told = await bot.said("handed a text in")
    await until(lambda: "was used" in bot.messages[message["message_id"]]["text"])
    chat.look()
    chat.step("You open its link yourself.")
    assert (await opened(client, web.url, links(told)[0]))[0] == b"the code is 4711"
    await until(lambda: bot.sent[-1]["text"].startswith("Opened"))
    await until(lambda: "nothing any more" in bot.messages[told["message_id"]]["text"])
    chat.look()
    compare("Telegram: asking for something", chat)


async def test_discord_text(talk: FakeDiscord, web: Web, client: ClientSession) -> None:
    """The form makes a link that only its sender sees; buttons change it; its opening shows."""
    chat = discord_chat(talk)
    chat.step("You use /share, and fill in the form; only you see the answer.")
    message, link = await discord_talk.shared(talk, place="guild")
    chat.look()
    chat.step("You choose “1 day” in the menu.")
    await talk.press(message, "Another lifetime, from now on", "86400")
    await talk.shows(message, "lifetime is changed")
    chat.look()
    chat.step("You press “Password”, and fill in the form.")
    await set_password(talk, message, new="four words of mine")
    await talk.shows(message, "password is set")
    chat.look()
    chat.step("The recipient opens the link, with the password.")
    body = await discord_talk.opened(client, web, link, password="four words of mine")
    assert body == b"hello"
    await talk.shows(message, "Opened")
    chat.look()
    compare("Discord: a text, its controls, its opening", chat)


async def test_discord_menu_and_secrets(talk: FakeDiscord) -> None:
    """An existing message becomes a link, and goes; the list revokes."""
    chat = discord_chat(talk)
    talk.bot_may = 1 << 13
    message = talk.written("my password is swordfish")
    chat.look()
    chat.step("You open the menu of your message: Apps, Share once.")
    number = await talk.menu(message)
    await talk.reply(number)
    holder = talk.interactions[number].made[-1]
    await talk.shows(holder, "is deleted")
    chat.look()
    chat.step("You use /secrets.")
    number = await talk.command("secrets")
    await talk.reply(number)
    listed = talk.interactions[number].made[0]
    chat.look()
    chat.step("You choose it under “Revoke one”.")
    [option] = talk.button(listed, "Revoke one")["options"]
    await talk.press(listed, "Revoke one", option["value"])
    await talk.shows(listed, "Destroy number 1")
    chat.look()
    chat.step("You press “Destroy it”.")
    await talk.press(listed, "Destroy it")
    await talk.shows(listed, "Revoked")
    await talk.shows(holder, "Revoked")
    chat.look()
    compare("Discord: “Share once” in a message's menu, and the list", chat)


async def test_discord_request(talk: FakeDiscord, web: Web, client: ClientSession) -> None:
    """Somebody is asked for something, and a press shows its link, once."""
    chat = discord_chat(talk)
    chat.step("You use /request, and give the name that the page shall show.")
    message, url = await asked_in_discord(talk, web, label="Ann")
    chat.look()
    chat.step("Somebody opens that link, and hands a text in.")
    form = FormData(default_to_multipart=True)
    form.add_field("text", "the code is 4711")
    assert await through_web(client, url, form) == 201
    await talk.shows(message, "Something was handed in")
    chat.look()
    chat.step("You press “Show link”.")
    await fetched(talk, message)
    await talk.shows(message, "was used")
    chat.look()
    compare("Discord: asking for something", chat)
