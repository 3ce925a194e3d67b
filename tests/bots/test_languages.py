"""A person is answered in the language of their app: in all that is said, and on every button."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from discord.ui import Label

from bots import replies
from bots.discord_form import PasswordForm, ShareForm
from core.language import LANGUAGES, N_, _, speaking
from core.secret import Kind, Sender
from tests.contents import pieces, until
from tests.fakes.discord_talk import door, shared
from tests.fakes.discord_talk import opened as opened_in_discord
from tests.fakes.telegram_chats import buttons
from tests.fakes.telegram_talk import links, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bots.share import Share
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.discord import FakeDiscord
    from tests.fakes.telegram import FakeTelegram

STICKER = {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1}
STICKER |= {"is_animated": False, "is_video": False}
JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")


def said(sentence: str, **values: Any) -> str:
    """Say it as the bot does."""
    with speaking("ja"):
        return _(sentence).format(**values)


def all_of_it_is_japanese(texts: list[str]) -> None:
    assert texts
    for text in texts:
        for line in text.splitlines():
            if line and not line.strip("<>").startswith("http"):
                assert JAPANESE.search(line), line


def told(bot: FakeTelegram) -> list[str]:
    """Gather all that the bot ever said, and all that stood on its buttons."""
    found = []
    for method, given in bot.calls:
        if method in {"sendMessage", "editMessageText", "answerCallbackQuery"}:
            found += [given["text"]] if given.get("text") else []
            found += [button["text"] for button in buttons(given)]
    return found


async def test_telegram_speaks_the_senders_language(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Greeting, link, controls, prompt, refusal, list and receipt."""
    bot.language = "ja"
    for command in ("start", "help", "privacy", "list", "request", "upload", "delete_my_data"):
        before = len(bot.sent)
        bot.command(f"/{command}")
        await bot.answers(before + 1)
    before = len(bot.sent)
    bot.say(sticker=STICKER)
    await bot.answers(before + 1)
    await bot.gone(bot.say(text="a text"))
    message = await bot.said(said("Your message is deleted."))
    [link] = links(message)
    bot.press(message, f"{said('{count} h', count=1)}")
    await until(lambda: said("{count} h", count=1) in bot.messages[message["message_id"]]["text"])
    bot.press(message, said("Password"))
    await bot.said("🔑")
    before = len(bot.sent)
    await opened(client, web.url, link)
    over = said(N_("The link opens nothing any more."))
    await until(lambda: over in bot.messages[message["message_id"]]["text"])
    await until(lambda: len(bot.sent) > before)
    all_of_it_is_japanese(told(bot))


async def test_discord_speaks_the_persons_language(
    talk: FakeDiscord, web: Web, client: ClientSession
) -> None:
    """The form, the answer, its buttons, the list, the explanations, and that it was opened."""
    talk.locale = "ja"
    for command in ("help", "privacy", "secrets", "request", "delete-my-data"):
        await talk.reply(await talk.command(command))
    message, link = await shared(talk)
    offered = talk.offered(message)
    form = await talk.form(await talk.press(message, said("Password")))
    all_of_it_is_japanese([form["title"], *(label["label"] for label in form["components"])])
    await talk.submit(form, {"new": "word"}, message=message)
    await talk.shows(message, said("The password is set. The link stays the same."))
    await opened_in_discord(client, web, link, password="word")
    await until(lambda: not talk.messages[message]["components"])
    contents = [one["content"] for one in talk.messages.values()]
    all_of_it_is_japanese([*contents, *offered])


async def test_discord_shows_the_commands_in_every_language(
    discord: FakeDiscord, share: Share, settings: Settings
) -> None:
    """Descriptions, options and the menu's entry are translated; what is typed stays as it is."""
    async with door(share, settings, discord) as running:
        await until(lambda: discord.synced or running.done())
    [commands] = discord.synced
    for command in commands:
        menu = command["type"] == 3
        said = command["name_localizations" if menu else "description_localizations"]
        assert {"de", "es-ES", "fr", "pt-BR", "ru", "hi", "ja", "zh-CN"} <= said.keys()
        assert JAPANESE.search(said["ja"])
        assert menu or not command.get("name_localizations")
    [share_] = [command for command in commands if command["name"] == "share"]
    for option in share_["options"]:
        assert JAPANESE.search(option["description_localizations"]["ja"])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_forms_fit_into_what_discord_takes(language: str, share: Share, web: Web) -> None:
    """Titles and labels have at most 45 characters, hints 100, in every language."""
    owner = web.house.vault.owner(Sender("discord", "1"))
    sealed = await web.house.vault.seal(pieces(b"x"), kind=Kind.TEXT, password="pw", owner=owner)
    status = await web.house.vault.control.status(sealed.link.id, owner)
    with speaking(language):
        forms = [ShareForm(share.policy, None), PasswordForm(status)]
    for form in forms:
        labels = [item for item in form.children if isinstance(item, Label)]
        assert len(labels) >= 2
        assert all(len(text) <= 45 for text in (form.title, *(one.text for one in labels)))
        hints = [one.description for one in labels if one.description]
        assert _in(language, replies.NO_LOGIN) in " ".join(hints)
        assert all(len(hint) <= 100 for hint in hints)


def _in(language: str, sentence: str) -> str:
    with speaking(language):
        return _(sentence)
