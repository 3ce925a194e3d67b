"""Conversations with the Telegram door: the real library, over sockets, with a fake platform."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bots import telegram_bot
from bots.share import Submission, text_content
from core.creations import Creations
from core.errors import DoorClosed, Gone
from core.link import Claim, Link
from core.secret import Kind, Sender
from core.settings import Hidden
from tests.contents import until
from tests.fakes.telegram import TOKEN, FakeTelegram, fake_telegram

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientSession

    from bots.share import Share
    from core.bootstrap import House
    from core.settings import Settings
    from tests.conftest import Web


LIBRARIES = {"telegram", "httpx", "httpcore", "asyncio"}


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """Run the platform."""
    async with fake_telegram() as fake:
        yield fake


@asynccontextmanager
async def door(share: Share, settings: Settings, url: str) -> AsyncIterator[asyncio.Task[None]]:
    """Run the bot against the platform."""
    named = replace(settings, telegram_bot_token=Hidden(TOKEN), telegram_api_url=url)
    task = asyncio.create_task(telegram_bot.run(share, named))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
async def bot(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web
) -> AsyncIterator[FakeTelegram]:
    """Run the bot and the web server where its links lead."""
    async with door(share, settings, telegram.url):
        yield telegram


def links(message: dict[str, Any]) -> list[Link]:
    return [Link.parse(url) for url in re.findall(r"http\S+/s/\S+", message["text"])]


async def opened(client: ClientSession, web: Web, link: Link) -> tuple[bytes, str]:
    """Open a link through the web; answer bytes and file name."""
    fields = {"key": link.key.reveal()}
    async with client.post(f"{web.url}/d/{link.id}", json=fields) as answer:
        assert answer.status == 200
        name = answer.headers["Content-Disposition"].rpartition("''")[2]
        return await answer.read(), name


async def gone(bot: FakeTelegram, message: dict[str, Any]) -> None:
    """Wait until the chat no longer shows a message."""
    await until(lambda: message["message_id"] not in bot.messages)


async def test_text_becomes_a_link_and_is_deleted(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """A text in private is answered with its link, then deleted, and the answer says so."""
    message = bot.say(text="the code is 4711")
    await gone(bot, message)
    await until(lambda: "deleted" in bot.messages[bot.sent[0]["message_id"]]["text"])

    [answer] = await bot.answers()
    [link] = links(answer)
    [[button]] = answer["reply_markup"]["inline_keyboard"]
    assert button["copy_text"]["text"] == link.url(web.settings.public_url)
    assert bot.sent[0]["asked"]["link_preview_options"] == {"is_disabled": True}
    assert await opened(client, web, link) == (b"the code is 4711", "file")


@pytest.mark.parametrize(
    ("kind", "extra", "name"),
    [
        ("document", {"file_name": "report.pdf", "mime_type": "application/pdf"}, "report.pdf"),
        ("document", {}, "file"),
        ("document", {"file_name": "../../日本語.txt"}, "%E6%97%A5%E6%9C%AC%E8%AA%9E.txt"),
        ("video", {"width": 1, "height": 1, "duration": 1}, "video.mp4"),
        ("audio", {"duration": 1}, "audio.mp3"),
        ("voice", {"duration": 1}, "voice.ogg"),
        ("video_note", {"length": 1, "duration": 1}, "video.mp4"),
        ("animation", {"width": 1, "height": 1, "duration": 1}, "animation.mp4"),
    ],
)
async def test_every_kind_of_file_becomes_a_link(
    bot: FakeTelegram, web: Web, client: ClientSession, kind: str, extra: dict[str, Any], name: str
) -> None:
    """A file of any kind opens through the web with the bytes and the name it had."""
    body = os.urandom(200_000)
    message = bot.say(42, "private", **{kind: bot.store(body) | extra})
    await gone(bot, message)
    [answer] = await bot.answers()
    assert await opened(client, web, links(answer)[0]) == (body, name)


async def test_photo_is_shared_in_its_largest_size(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Of a photo's sizes the last is shared."""
    small, large = os.urandom(10), os.urandom(1000)
    sizes = [bot.store(body) | {"width": 1, "height": 1} for body in (small, large)]
    bot.say(photo=sizes)
    [answer] = await bot.answers()
    assert await opened(client, web, links(answer)[0]) == (large, "photo.jpg")


async def test_caption_gets_a_link_of_its_own(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Text that comes with a file is not lost."""
    bot.say(document=bot.store(b"file") | {"file_name": "a"}, caption="what it is")
    answers = await bot.answers(2)
    told = [(await opened(client, web, links(answer)[0]))[0] for answer in answers]
    assert told == [b"file", b"what it is"]


async def test_repeated_delivery_gives_no_second_secret(bot: FakeTelegram, web: Web) -> None:
    """The same message told again is answered once."""
    message = bot.say(text="once")
    await gone(bot, message)
    bot.deliver(message)
    bot.say(text="/help", entities=[{"type": "bot_command", "offset": 0, "length": 5}])
    await bot.answers(2)
    await until(lambda: len(bot.sent) == 2)
    assert len(await web.house.redis.keys("ots:{*")) == 1


async def test_too_large_for_the_platform_shows_the_way(bot: FakeTelegram, web: Web) -> None:
    """A file that the platform keeps from bots is answered with the upload page."""
    message = bot.say(document=bot.store(bytes(20_000_001)))
    [answer] = await bot.answers()
    assert "20 MB" in answer["text"]
    assert web.settings.public_url in answer["text"]
    assert message["message_id"] in bot.messages
    assert await web.house.redis.keys("ots:{*") == []


async def test_broken_download_is_told_and_may_be_sent_again(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """A file that breaks off half-way leaves nothing; sent again it works."""
    body = os.urandom(300_000)
    message = bot.say(document=bot.store(body, cut=100_000))
    [answer] = await bot.answers()
    assert "again" in answer["text"]
    assert message["message_id"] in bot.messages
    assert [p for p in (web.settings.data_dir / "blobs").rglob("*") if p.is_file()] == []
    bot.say(document=bot.store(body))
    answers = await bot.answers(2)
    assert (await opened(client, web, links(answers[1])[0]))[0] == body


async def test_group_message_is_not_taken(bot: FakeTelegram, web: Web) -> None:
    """In a group the bot shows the way to the private chat and takes nothing."""
    mention = [{"type": "mention", "offset": 0, "length": 9}]
    bot.say(-100, "supergroup", text="@once_bot take my password", entities=mention)
    [answer] = await bot.answers()
    [[button]] = answer["reply_markup"]["inline_keyboard"]
    assert button["url"] == "https://t.me/once_bot?start=share"
    assert await web.house.redis.keys("ots:{*") == []


@pytest.mark.parametrize("command", ["/start", "/help", "/privacy"])
async def test_commands_are_answered(bot: FakeTelegram, command: str) -> None:
    """Each command has its answer."""
    bot.say(text=command, entities=[{"type": "bot_command", "offset": 0, "length": len(command)}])
    [answer] = await bot.answers()
    assert len(answer["text"]) > 100


async def test_unsupported_kind_gets_a_sentence(bot: FakeTelegram) -> None:
    """What can't be shared is not passed over in silence."""
    bot.say(dice={"emoji": "🎲", "value": 3})
    [answer] = await bot.answers()
    assert "can't take" in answer["text"]


async def test_forbidden_ending_is_refused_and_left_alone(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """A file that the operator forbids is refused by name, and the sender keeps the message."""
    policy = replace(settings.policy, allowed=("pdf", "txt"))
    share.vault.policy = policy
    async with door(replace(share, policy=policy), settings, telegram.url):
        message = telegram.say(document=telegram.store(b"x") | {"file_name": "a.exe"})
        [answer] = await telegram.answers()
    assert ".exe" in answer["text"]
    assert "pdf, txt" in answer["text"]
    assert message["message_id"] in telegram.messages


async def test_refused_deletion_is_told(bot: FakeTelegram) -> None:
    """Where the platform does not delete, the sender is asked to."""
    bot.refuse("deleteMessage", 400, "Bad Request: message can't be deleted")
    bot.say(text="x")
    await bot.answers()
    await until(lambda: "yourself" in bot.messages[bot.sent[0]["message_id"]]["text"])


async def test_flood_control_delays_the_answer(bot: FakeTelegram) -> None:
    """When told to wait, the bot waits and answers then."""
    bot.refuse("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1)
    bot.say(text="x")
    [answer] = await bot.answers()
    assert links(answer)


async def test_answer_that_can_not_be_sent_leaves_no_secret(bot: FakeTelegram, web: Web) -> None:
    """A sender who blocked the bot gets no link, so nobody may: the secret is revoked."""
    bot.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user")
    message = bot.say(text="x")
    await until(lambda: not bot.refusals["sendMessage"])

    async def state() -> object:
        keys = await web.house.redis.keys("ots:{*")
        return await web.house.redis.hget(keys[0], "state") if keys else None

    async with asyncio.timeout(10):
        while await state() != b"revoked":
            await asyncio.sleep(0.02)
    assert message["message_id"] in bot.messages


async def test_slow_file_holds_up_nobody(bot: FakeTelegram) -> None:
    """While one file hangs, another chat's text is answered."""
    release = asyncio.Event()
    real = bot.on_getFile

    async def slow(given: dict[str, Any]) -> Any:
        await release.wait()
        return await real(given)

    bot.on_getFile = slow  # type: ignore[method-assign]  # the platform is slow
    bot.say(document=bot.store(b"slow"))
    bot.say(43, text="quick")
    [answer] = await bot.answers()
    assert answer["chat"]["id"] == 43
    release.set()
    await bot.answers(2)


async def test_bad_token_closes_the_door_with_a_sentence(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """A token that the platform refuses ends the door and names the setting."""
    named = replace(settings, telegram_bot_token=Hidden("1:no"), telegram_api_url=telegram.url)
    with pytest.raises(DoorClosed, match="TELEGRAM_BOT_TOKEN"):
        await telegram_bot.run(share, named)


async def test_platform_that_is_down_is_tried_again(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """The door opens as soon as the platform is back."""
    telegram.down = True
    async with door(share, settings, telegram.url):
        await asyncio.sleep(0.5)
        telegram.down = False
        telegram.say(text="now")
        [answer] = await telegram.answers()
    assert links(answer)


async def test_closing_lets_running_work_end(
    telegram: FakeTelegram, share: Share, settings: Settings
) -> None:
    """A message that is being handled when the door closes still gets its answer."""
    async with door(share, settings, telegram.url) as task:
        await until(lambda: any(call[0] == "getUpdates" for call in telegram.calls))
        telegram.say(document=telegram.store(os.urandom(2_000_000)))
        await until(lambda: any(call[0] == "getFile" for call in telegram.calls))
        task.cancel()
        await asyncio.wait([task])
        [answer] = await telegram.answers()
    assert links(answer)


async def test_nothing_secret_is_logged(
    bot: FakeTelegram, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logs hold no token, no content, no name and no key, also when something fails."""
    caplog.set_level("DEBUG")
    bot.refuse("sendMessage", 400, "Bad Request: something")
    bot.say(document=bot.store(b"plain-content") | {"file_name": "plain-name.txt"})
    bot.say(text="plain-content")
    bot.say(document=bot.store(b"plain-content", cut=3))
    answers = await bot.answers(2)
    key = next(link.key.reveal() for answer in answers for link in links(answer))
    ours = [
        r.getMessage()
        for r in caplog.records
        if not r.name.startswith(("telegram", "http", "asyncio"))
    ]
    told = "\n".join(ours) + "".join(capsys.readouterr())
    for secret in (TOKEN, "plain-content", "plain-name", key):
        assert secret not in told


async def test_unanswered_try_is_replaced(share: Share, house: House) -> None:
    """A try that ended between storing and answering: its link dies, and the new one says so."""
    sender = Sender("telegram", "42")
    quick = Creations(house.redis, share.vault.server_key, lease=0.2)
    event = "42/555/text"
    creation = await quick._begin(quick.mark("telegram", event))
    lost = await share.vault.seal(
        text_content("x"),
        kind=Kind.TEXT,
        owner=share.vault.owner(sender),
        secret_id=creation.secret_id,
    )
    again = Submission(sender=sender, event=event, kind=Kind.TEXT, content=text_content("x"))
    async with replace(share, creations=quick).handle(again) as shared:
        assert shared.replaced
    with pytest.raises(Gone):
        await share.vault.open(lost.link.id, lost.link.key, Claim.random())
