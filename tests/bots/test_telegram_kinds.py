"""Every kind of thing that people send in Telegram, opened again through the web."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.contents import until
from tests.fakes.telegram_talk import links, opened

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram

FLAT = {"width": 1, "height": 1}
LASTING = {"duration": 1}
PLACE = {"latitude": 52.5, "longitude": -13.25}
FORWARDED = {"type": "hidden_user", "date": 1, "sender_user_name": "Ada"}


async def test_text_becomes_a_link_and_is_deleted(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """A text in private is answered with its link, then deleted, and the answer says so."""
    message = bot.say(text="the code is 4711")
    answer = await bot.said("opens once, until", "UTC", "is deleted")
    [link] = links(answer)
    [[button], *_] = answer["reply_markup"]["inline_keyboard"]
    assert message["message_id"] not in bot.messages
    assert button["copy_text"]["text"] == link.url(web.settings.public_url)
    assert bot.called("sendMessage")[0]["link_preview_options"] == {"is_disabled": True}
    assert bot.called("editMessageText")[0]["link_preview_options"] == {"is_disabled": True}
    assert (await opened(client, web.url, link))[0] == b"the code is 4711"


async def test_link_is_out_before_anything_is_deleted(bot: FakeTelegram) -> None:
    """First the answer, then the deletion, then the sentence that says so."""
    bot.say(text="x")
    await bot.said("is deleted")
    order = [method for method, _ in bot.calls if method.endswith(("Message", "Text"))]
    assert order == ["sendMessage", "deleteMessage", "editMessageText"]


@pytest.mark.parametrize(
    ("kind", "extra", "name"),
    [
        ("document", {"file_name": "report.pdf", "mime_type": "application/pdf"}, "report.pdf"),
        ("document", {}, "file"),
        ("video", FLAT | LASTING, "video.mp4"),
        ("audio", LASTING, "audio.mp3"),
        ("audio", LASTING | {"file_name": "song.flac"}, "song.flac"),
        ("voice", LASTING, "voice.ogg"),
        ("video_note", {"length": 1} | LASTING, "video.mp4"),
        ("animation", FLAT | LASTING, "animation.mp4"),
    ],
)
async def test_every_kind_of_file_becomes_a_link(
    bot: FakeTelegram, web: Web, client: ClientSession, kind: str, extra: dict[str, Any], name: str
) -> None:
    """A file of any kind opens through the web with the bytes and the name it had."""
    body = os.urandom(200_000)
    message = bot.say(42, "private", **{kind: bot.store(body, **extra)})
    await bot.gone(message)
    [answer] = await bot.answers()
    assert await opened(client, web.url, links(answer)[0]) == (body, name)
    assert bot.called("sendChatAction")[0]["action"] == "upload_document"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("two\nlines.txt", "twolines.txt"),
        ('the "final".txt', "the final.txt"),
        ("../../etc/passwd", "passwd"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("n" * 300 + ".txt", "n" * 146 + ".txt"),
        ("日本語.txt", "日本語.txt"),
        ("", "file"),
    ],
)
async def test_name_is_made_safe(
    bot: FakeTelegram, web: Web, client: ClientSession, given: str, shown: str
) -> None:
    """Whatever a file is called, it opens, under a name that harms nobody."""
    bot.say(document=bot.store(b"body", file_name=given))
    [answer] = await bot.answers()
    assert await opened(client, web.url, links(answer)[0]) == (b"body", shown)


async def test_photo_is_shared_in_its_largest_size(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Of a photo's sizes the last is shared."""
    small, large = os.urandom(10), os.urandom(1000)
    bot.say(photo=[bot.store(body, **FLAT) for body in (small, large)])
    [answer] = await bot.answers()
    assert await opened(client, web.url, links(answer)[0]) == (large, "photo.jpg")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            {"contact": {"phone_number": "+49 30 1", "first_name": "Ada", "vcard": "BEGIN:VCARD"}},
            "Ada\n+49 30 1\nBEGIN:VCARD",
        ),
        ({"location": PLACE}, "52.500000, -13.250000\ngeo:52.500000,-13.250000"),
        (
            {"location": PLACE, "venue": {"location": PLACE, "title": "Cafe", "address": "Here 1"}},
            "Cafe\nHere 1\n52.500000, -13.250000\ngeo:52.500000,-13.250000",
        ),
        ({"text": "hi", "forward_origin": FORWARDED}, "hi"),
    ],
)
async def test_what_is_neither_file_nor_typed_becomes_a_text(
    bot: FakeTelegram, web: Web, client: ClientSession, content: dict[str, Any], told: str
) -> None:
    """A contact, a place and a forwarded message are shared as a text with all that is in them."""
    message = bot.say(42, "private", **content)
    await bot.gone(message)
    [answer] = await bot.answers()
    assert "your text" in answer["text"]
    assert (await opened(client, web.url, links(answer)[0]))[0].decode() == told


@pytest.mark.parametrize("told", [0, None])
async def test_empty_file_opens_as_an_empty_file(
    bot: FakeTelegram, web: Web, client: ClientSession, told: int | None
) -> None:
    """A file without a byte is a file."""
    bot.say(document=bot.store(b"", told=told, file_name="empty.txt"))
    [answer] = await bot.answers()
    assert await opened(client, web.url, links(answer)[0]) == (b"", "empty.txt")


async def test_file_of_unknown_size_is_shared(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """The platform need not say how large a file is."""
    body = os.urandom(150_000)
    bot.say(document=bot.store(body, told=None))
    [answer] = await bot.answers()
    assert (await opened(client, web.url, links(answer)[0]))[0] == body


async def test_place_that_moves_on_is_passed_over(bot: FakeTelegram) -> None:
    """A live place is edited every few seconds: none of that is answered."""
    message = bot.say(location=PLACE)
    await bot.gone(message)
    bot.edit(message, "")
    bot.command("/help")
    await bot.said("Link previews")
    await until(lambda: not bot.updates)
    assert len(bot.sent) == 2
