"""Albums and captions: what was sent as one thing becomes one link."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from telegram import Chat, Message

from bots.share import text_content
from bots.telegram_gathering import Gathering
from core.creations import Creations
from core.secret import Kind, Sender
from tests.contents import until
from tests.fakes.telegram_talk import door, links, opened, ruled, there, unpacked, waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import ClientSession

    from bots.share import Share
    from core.link import Link
    from core.settings import Settings
    from tests.conftest import Web
    from tests.fakes.telegram import FakeTelegram

FLAT = {"width": 1, "height": 1}


def album(telegram: FakeTelegram, *files: dict[str, Any], **first: Any) -> list[dict[str, Any]]:
    """Send documents as an album; `first` is what else its first message has."""
    more = [first, *({} for _ in files[1:])]
    return [
        telegram.say(document=file, media_group_id="g", **extra)
        for file, extra in zip(files, more, strict=True)
    ]


async def the_link(telegram: FakeTelegram) -> Link:
    [link] = links(await telegram.said("in one zip", "is deleted"))
    return link


async def test_album_becomes_one_link_and_goes_as_a_whole(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """One zip holds all files under their names, what was written first; then all is deleted."""
    one, two = os.urandom(200_000), os.urandom(10)
    files = bot.store(one, file_name="a.bin"), bot.store(two, file_name="A.bin")
    messages = album(bot, *files, caption="what it is")
    link = await the_link(bot)
    order = [method for method, _ in bot.calls if method.startswith(("send", "delete"))]
    assert order[-2:] == ["sendMessage", "deleteMessages"]
    assert there(bot, messages) == [False, False]
    assert list((await unpacked(client, web.url, link)).items()) == [
        *(("message.txt", b"what it is"), ("a.bin", one), ("A (2).bin", two))
    ]
    assert len(bot.sent) == 1


async def test_file_with_a_caption_becomes_one_link(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """What is written with a file lies beside it, so that one link tells all."""
    message = bot.say(photo=[bot.store(b"file", **FLAT)], caption="what it is")
    await bot.gone(message)
    got = await unpacked(client, web.url, await the_link(bot))
    assert got == {"message.txt": b"what it is", "photo.jpg": b"file"}


async def test_part_that_comes_late_is_shared_by_itself(
    bot: FakeTelegram, web: Web, client: ClientSession
) -> None:
    """Nothing is lost; and all of it told again, at once or one by one, makes nothing more."""
    messages = album(bot, bot.store(b"1", file_name="1"), bot.store(b"2", file_name="2"))
    link = await the_link(bot)
    messages += album(bot, bot.store(b"3", file_name="3"))
    late = await bot.said("your file.", "is deleted")
    for message in messages:
        bot.deliver(message)
    await until(lambda: not bot.updates)
    bot.deliver(messages[1])
    await until(lambda: not bot.updates)
    assert len(bot.sent) == 2
    assert await waiting(web) == 2
    assert await unpacked(client, web.url, link) == {"1": b"1", "2": b"2"}
    assert await opened(client, web.url, links(late)[0]) == (b"3", "3")


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ({"body": bytes(300_000), "cut": 100_000}, ["broke off"]),
        ({"body": bytes(100), "told": 99}, ["broke off"]),
        ({"body": bytes(20_000_001)}, ["20 MB"]),
        ({"body": b"x", "file_id": "unknown"}, ["broke off"]),
    ],
)
async def test_part_that_can_not_be_had_leaves_the_whole_album(
    bot: FakeTelegram, web: Web, spoilt: dict[str, Any], words: list[str]
) -> None:
    """One sentence says so; nothing is shared, and every message stays."""
    messages = album(bot, bot.store(b"fine"), bot.store(**spoilt))
    await bot.said(*words)
    await until(lambda: not bot.updates)
    assert there(bot, messages) == [True, True]
    assert len(bot.sent) == 1
    assert await web.house.redis.keys("ots:{*}") == []
    assert [p for p in (web.settings.data_dir / "blobs").rglob("*") if p.is_file()] == []


@pytest.mark.parametrize(
    ("rules", "words"), [({"max_size": 1000}, "1 kB"), ({"allowed": ("bin",)}, ".exe")]
)
async def test_album_that_is_not_allowed_is_refused_before_it_is_fetched(
    telegram: FakeTelegram, share: Share, settings: Settings, rules: dict[str, Any], words: str
) -> None:
    """The limit holds for the sum, the endings for each file, and neither costs a download."""
    files = telegram.store(bytes(450), file_name="a.bin"), telegram.store(bytes(450))
    async with door(ruled(share, **rules), settings, telegram):
        messages = album(telegram, files[0], files[1] | {"file_name": "b.exe"})
        await telegram.said(words)
        assert telegram.called("getFile") == []
        assert there(telegram, messages) == [True, True]


async def test_allowed_files_may_travel_in_a_zip(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """Whoever allows some endings allows several such files, with what is written with them."""
    async with door(ruled(share, allowed=("bin",)), settings, telegram):
        album(telegram, telegram.store(b"1", file_name="1.bin"), caption="x")
        got = await unpacked(client, web.url, await the_link(telegram))
    assert got == {"message.txt": b"x", "1.bin": b"1"}


async def test_album_that_a_stop_cut_short_is_one_after_the_next_start(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """None of its messages counts as handled before all are: the next start has them all."""
    gate = telegram.hold("download")
    async with door(share, settings, telegram, stop_within=0.1) as task:
        messages = album(telegram, *(telegram.store(b"x", file_name=name) for name in "ab"))
        await until(lambda: telegram.called("getFile"))
        task.cancel()
        await asyncio.wait([task], timeout=15)
    assert there(telegram, messages) == [True, True]
    assert telegram.sent == []
    gate.set()
    async with door(share, settings, telegram):
        link = await the_link(telegram)
        await until(lambda: not telegram.updates)
    assert there(telegram, messages) == [False, False]
    assert await waiting(web) == 1
    assert await unpacked(client, web.url, link) == {"a": b"x", "b": b"x"}


async def test_album_whose_first_try_died_unanswered_is_replaced(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """What a crash left between storing and answering dies, and the new link says so."""
    quick = Creations(web.house.scripts, share.vault.server_key, lease=0.2)
    messages = album(telegram, *(telegram.store(b"x", file_name=name) for name in "ab"))
    creation = await quick._begin(quick.mark("telegram", "42/album/g"))
    parts = {quick.mark("telegram", f"42/{message['message_id']}") for message in messages}
    await quick._cover(creation, parts)
    await share.vault.seal(
        text_content("x"),
        kind=Kind.TEXT,
        owner=share.vault.owner(Sender("telegram", "42")),
        secret_id=creation.secret_id,
    )
    async with door(replace(share, creations=quick), settings, telegram):
        link = await the_link(telegram)
        await telegram.said("replaces an earlier link")
    assert await waiting(web) == 1
    assert await unpacked(client, web.url, link) == {"a": b"x", "b": b"x"}


async def test_album_too_old_to_be_deleted_is_left_to_its_sender(bot: FakeTelegram) -> None:
    """Where the platform does not delete, the sender is asked to."""
    bot.refuse("deleteMessages", 400, "Bad Request: message can't be deleted for everyone")
    album(bot, bot.store(b"1"), bot.store(b"2"))
    await bot.said("in one zip", "yourself")


async def test_part_that_was_shared_by_itself_before_is_not_shared_again(
    telegram: FakeTelegram, share: Share, settings: Settings, web: Web, client: ClientSession
) -> None:
    """An album whose first try died leaves out what has its link already."""
    files = (telegram.store(name.encode(), file_name=name) for name in "abc")
    messages = album(telegram, *files)
    async with share.creations.once("telegram", f"42/{messages[1]['message_id']}"):
        pass
    async with door(share, settings, telegram):
        got = await unpacked(client, web.url, await the_link(telegram))
    assert got == {"a": b"a", "c": b"c"}


@pytest.mark.parametrize("cut_short", [False, True])
async def test_no_message_is_handled_before_its_whole_is(cut_short: bool) -> None:
    """Whoever waits for the whole shares its fate: a whole that is cut short is told again."""
    gate = asyncio.Event()

    async def share(messages: Sequence[Message]) -> None:
        assert len(messages) == 10
        await gate.wait()

    gathering, now, chat = Gathering(share), datetime.now(UTC), Chat(42, "private")
    one, *others = [
        asyncio.create_task(gathering.take(Message(n, now, chat, media_group_id="g")))
        for n in range(10)
    ]
    done, _ = await asyncio.wait(others, timeout=0.05)
    assert not done
    if cut_short:
        one.cancel()
    gate.set()
    await asyncio.wait([one, *others], timeout=5)
    assert [task.cancelled() for task in (one, *others)] == [cut_short] * 10
