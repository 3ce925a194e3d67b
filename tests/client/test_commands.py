"""`onetimeshare share` and `onetimeshare open`: real processes against a real server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import segno

from client.failure import Exit
from core.link import Link
from core.secret import State
from tests.contents import until
from tests.faults.kinds import Broken, Held

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from tests.client.command import Ended, Person
    from tests.conftest import Web
    from tests.faults.proxy import Proxy

BODY = os.urandom(3_000_000)


async def test_file_arrives_under_its_name_and_over_nothing_that_is_there(
    web: Web, sender: Person, recipient: Person
) -> None:
    """What is received is the owner's alone, replaces nothing, and opens once."""
    (sender.folder / "Scan ü.pdf").write_bytes(BODY)
    link = b""
    for name in ("Scan ü.pdf", "Scan ü (1).pdf"):
        link = await sender.shares("Scan ü.pdf", "--expires", "1h")
        ended = await recipient.runs("open", given=link)
        assert (ended.code, ended.out) == (0, b""), ended.err
        assert (recipient.folder / name).read_bytes() == BODY
        assert (recipient.folder / name).stat().st_mode & 0o777 == 0o600
    assert len(list(recipient.folder.iterdir())) == 2
    assert (await recipient.runs("open", given=link)).code == Exit.GONE
    await web.house.outbox.flush()
    assert [r.event for _, r in await web.house.receipts.since()] == ["opened", "opened"]


async def test_text_goes_from_pipe_to_pipe_as_it_is(sender: Person, recipient: Person) -> None:
    """Standard input is a text, byte for byte; with a name it is a file."""
    text = "pä\x1b[2J\r\n\n".encode()
    ended = await recipient.runs("open", given=await sender.shares(given=text))
    assert (ended.code, ended.out) == (0, text), ended.err
    link = await sender.shares("--name", ".profile", given=BODY)
    ended = await recipient.runs("open", "--quiet", given=link)
    assert (ended.code, ended.out, ended.err) == (0, b"", "")
    assert (recipient.folder / "_profile").read_bytes() == BODY
    ended = await sender.runs("share", given=b"\xff")
    assert (ended.code, ended.out) == (Exit.USAGE, b"")
    assert "--name" in ended.err


async def test_link_is_alone_unless_more_is_wished(sender: Person) -> None:
    """One line by default; the receipt's link, a QR code or the whole answer on request."""
    assert (await sender.shares(given=b"x")).count(b"\n") == 1
    link, receipt, *drawn = (await sender.shares("--receipt", "--qr", given=b"x")).splitlines()
    assert b"/receipt/" in receipt
    assert as_modules(b"\n".join(drawn).decode()) == [
        list(row) for row in segno.make_qr(link.decode(), error="m").matrix_iter(border=4)
    ]
    told = json.loads(await sender.shares("--json", given=b"x"))
    assert {"id", "link", "expires_at", "revoke_token", "receipt"} <= set(told)


def as_modules(drawn: str) -> list[list[int]]:
    """Read half blocks, light on dark, as the dark (1) and light (0) modules of a QR code."""
    halves = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}
    rows = []
    for line in drawn.splitlines():
        both = [halves[block] for block in line]
        rows += [[upper for upper, _ in both], [lower for _, lower in both]]
    return rows[: len(rows[0])]  # an odd number of rows leaves half a line


async def test_secrets_are_asked_for_and_never_shown(sender: Person, recipient: Person) -> None:
    """Passwords and links are typed unseen and stand on no command line; a wrong one may be mended.

    What a stranger wrote can't steer the terminal that shows it.
    """
    (sender.folder / "note").write_text("x")
    async with sender.sits_at("share", "--password") as terminal:
        await terminal.says("(not shown)")
        await terminal.types("sesame")
        await terminal.says("Once more")
        await terminal.types("sesame")
        await terminal.says("Ctrl-D")
        await terminal.types("the\x1b[2Jtext\n\x04")
        await terminal.says("until")
        screen = terminal.screen
        assert await terminal.process.wait() == 0
    assert "sesame" not in screen
    [link] = [line for line in screen.splitlines() if "/s/" in line]
    async with recipient.sits_at("open") as terminal:
        await terminal.says("Link (not shown)")
        await terminal.types(link)
        await terminal.says("Password (not shown)")
        assert Link.parse(link).key.reveal() not in running(terminal.process)
        await terminal.types("open")
        await terminal.says("4 attempts left")
        await terminal.says("Password (not shown)")
        await terminal.types("sesame")
        await terminal.says("destroyed")
        assert await terminal.process.wait() == 0
    assert "the␛[2Jtext" in terminal.screen
    assert Link.parse(link).key.reveal() not in terminal.screen
    assert "sesame" not in terminal.screen


def running(process: Process) -> str:
    """Tell what others see of a process: its command line."""
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    return Path(f"/proc/{process.pid}/cmdline").read_text()


@pytest.mark.parametrize("how", ["end", "reset"])
async def test_broken_transfer_goes_on_by_itself(
    web: Web, sender: Person, recipient: Person, between: Proxy, how: str
) -> None:
    """Whatever breaks, all bytes arrive in order, once, and the sender is told at once."""
    link = await sender.shares("--name", "a", given=BODY)
    between.fault = fault = Broken(b"/data ", 1_000_000, how)
    ended = await recipient.runs("open", given=through(between, web, link))
    assert (ended.code, fault.struck is not None) == (0, True), ended.err
    assert (recipient.folder / "a").read_bytes() == BODY
    await web.house.outbox.flush()
    assert [r.event for _, r in await web.house.receipts.since()] == ["opened"]


def through(between: Proxy, web: Web, link: bytes) -> bytes:
    return link.replace(web.url.encode(), f"http://localhost:{between.port}".encode())


@pytest.mark.parametrize("presses", [1, 2])
async def test_stop_asks_back_and_leaves_nothing_behind(
    web: Web, sender: Person, recipient: Person, between: Proxy, presses: int
) -> None:
    """The first Ctrl-C says what would be lost, and it goes on; the second ends it, tidily."""
    link = await sender.shares("--name", "a", given=BODY)
    between.fault = held = Held(b"/data ", 1_000_000)
    process = await recipient.starts("open")
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(through(between, web, link))
    await until(lambda: any(part.stat().st_size for part in recipient.folder.iterdir()))
    async with asyncio.timeout(20):
        process.send_signal(signal.SIGINT)
        await process.stderr.readuntil(b"Press Ctrl-C again")
        if presses == 2:
            process.send_signal(signal.SIGINT)
            assert await process.wait() == Exit.INTERRUPTED
            assert list(recipient.folder.iterdir()) == []
        else:
            held.let_go.set()
            assert await process.wait() == 0
            assert (recipient.folder / "a").read_bytes() == BODY


async def test_each_kind_of_refusal_has_its_code(
    web: Web, sender: Person, recipient: Person
) -> None:
    """One sentence without a traceback or a key, one code for scripts; and nothing is used up."""
    link = (await sender.shares(given=b"kept")).decode().strip()
    (recipient.folder / "there").write_text("mine")
    with (recipient.folder / "large").open("wb") as large:
        large.truncate(200_000_000)
    other = f"{web.url}/s/{'A' * 22}#{'A' * 43}"
    kinds: list[tuple[Exit, tuple[str, ...], str]] = [
        (Exit.NOT_FOUND, ("open",), other),
        (Exit.USAGE, ("open",), link[:-1]),
        (Exit.LOCAL, ("open", "-o", "there"), link),
        (Exit.LOCAL, ("open", "-o", "nowhere/there"), link),
        (Exit.NO_SERVER, ("open",), link.replace(web.url, "http://127.0.0.1:1")),
        (Exit.USAGE, ("open",), link.replace(web.url, "http://share.example")),
        (Exit.USAGE, ("open", "--password", "x"), link),
        (Exit.NOT_TAKEN, ("share", "--expires", "90d"), "x"),
        (Exit.USAGE, ("share", "--expires", "soon"), "x"),
        (Exit.LOCAL, ("share", "missing"), "x"),
        (Exit.NOT_TAKEN, ("share",), ""),
        (Exit.NOT_TAKEN, ("share", "large"), ""),
        (Exit.NOT_TAKEN, ("share", "--server", f"{web.url}/else"), "x"),
    ]
    all_ended = await asyncio.gather(
        *(recipient.runs(*arguments, given=given.encode()) for _, arguments, given in kinds)
    )
    for (code, arguments, _), ended in zip(kinds, all_ended, strict=True):
        assert (ended.code, ended.out) == (code, b""), (arguments, ended.err)
        assert ended.err.strip()
        assert "Traceback" not in ended.err
        assert Link.parse(link).key.reveal() not in ended.err
    parsed = Link.parse(link)
    assert (await web.house.vault.peek(parsed.id, parsed.key)).state is State.READY
    assert (recipient.folder / "there").read_text() == "mine"


async def test_password_comes_through_a_descriptor(sender: Person, recipient: Person) -> None:
    """A script gives it there, on both sides; a wrong one ends with its own code."""
    link = await with_password(sender, "sesame", "share", given=b"text")
    assert link.code == 0
    wrong = await with_password(recipient, "open", "open", given=link.out)
    assert (wrong.code, wrong.out) == (Exit.PASSWORD, b"")
    right = await with_password(recipient, "sesame", "open", given=link.out)
    assert (right.code, right.out) == (0, b"text"), right.err


async def with_password(person: Person, password: str, *arguments: str, given: bytes) -> Ended:
    reading, writing = os.pipe()
    os.write(writing, f"{password}\n".encode())
    os.close(writing)
    try:
        return await person.runs(
            *arguments, "--password-fd", str(reading), given=given, fds=(reading,)
        )
    finally:
        os.close(reading)
