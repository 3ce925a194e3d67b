"""After everything that can happen to secrets, no file and no log holds a value of theirs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from core.embedded import join_redis
from tests.canary.markers import files, found, spellings
from tests.canary.witness import NAME, TEXT, Witness
from tests.contents import until
from tests.fakes.telegram import TOKEN, fake_telegram
from tests.fakes.telegram_talk import links
from tests.test_process import free_port, ready, running

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.fakes.telegram import FakeTelegram


@pytest.mark.parametrize(
    "marker", [os.urandom(32), os.urandom(16), TEXT.encode()], ids=["key", "id", "text"]
)
def test_search_finds_every_spelling(tmp_path: Path, marker: bytes) -> None:
    """A planted marker is found in each spelling, in the middle of a file, and nothing else is."""
    (tmp_path / "clean").write_bytes(os.urandom(100_000))
    assert found({"planted": marker}, files(tmp_path)) == set()
    for number, (spelling, written) in enumerate(spellings(marker)):
        place = tmp_path / f"{number}"
        place.write_bytes(b"before " + written + b" after")
        assert ("planted", spelling, str(place)) in found({"planted": marker}, files(tmp_path))


async def test_nothing_secret_is_kept_or_logged(tmp_path: Path, client: ClientSession) -> None:
    """Before and after Redis rewrote its files; what shreds a key leaves them with the rewrite."""
    port = str(free_port())
    url, control = f"http://127.0.0.1:{port}", {"control": os.urandom(32)}
    (tmp_path / "temporary").mkdir()
    given = {"PORT": port, "TMPDIR": str(tmp_path / "temporary")}
    async with fake_telegram() as telegram:
        given |= {"TELEGRAM_API_URL": telegram.url, "TELEGRAM_BOT_TOKEN": TOKEN}
        async with running(tmp_path, "run", **given) as process:
            await ready(client, url)
            await until(lambda: generations(tmp_path) == {"2"})  # the rewrite at every start
            async with Redis.from_url(join_redis(tmp_path / "data")) as redis:
                witness = Witness(client, url, redis)
                await redis.set("control", control["control"])
                await a_day(witness, telegram)
            kept = files(tmp_path)
            assert found(witness.markers, kept | processes(process.pid)) == set()
        async with running(tmp_path, "run", **given):  # its start sweeps, too
            await ready(client, url)
            await until(lambda: generations(tmp_path) == {"3"})
    rewritten = files(tmp_path)
    assert found(witness.markers, rewritten) == set()
    for held in (kept, rewritten):
        assert any(".aof" in place for _, _, place in found(control, held))
    assert {name for name, _, _ in found(witness.shares, kept)} == witness.shares.keys()
    assert found(witness.shares, rewritten) == set()


async def a_day(witness: Witness, telegram: FakeTelegram) -> None:
    """Let everything happen."""
    await witness.page()
    await witness.no_script()
    await witness.one_call()
    await witness.broken_off()
    await witness.revoked()
    await witness.expired()
    await witness.internal_error()
    await witness.malformed()
    telegram.say(text=TEXT)
    telegram.say(document=telegram.store(witness.markers["bytes"], file_name=NAME))
    for answer in await telegram.answers(2):
        [link] = links(answer)
        await witness.meet(link)
        assert await witness.receive(link) in {TEXT.encode(), witness.markers["bytes"]}


def generations(folder: Path) -> set[str]:
    """Number Redis' own files: a rewrite makes the next generation, and then the last one goes."""
    files = (folder / "data/redis/appendonlydir").glob("*.aof.[0-9]*")
    return {file.name.split(".")[2] for file in files}


def processes(parent: int) -> dict[str, bytes]:
    """Read what anybody may see of a process and its children."""
    if sys.platform != "linux":
        return {}
    tasks = [path.read_text() for path in Path(f"/proc/{parent}/task").glob("*/children")]
    family = [str(parent), *" ".join(tasks).split()]
    assert len(family) > 1
    shown = [Path("/proc", one, file) for one in family for file in ("cmdline", "environ")]
    return {str(path): path.read_bytes() for path in shown}
