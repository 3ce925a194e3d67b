"""The command as people and scripts run it: a process, on pipes or on a terminal of its own."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.contents import until

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, str(ROOT / "onetimeshare.py"))


class Ended(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int | None
    out: bytes
    err: str


class Person:
    """Who runs commands in a folder, against a server."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "OTS_SERVER": server,
        }
        self._started: list[Process] = []

    async def runs(self, *arguments: str, given: bytes = b"", fds: tuple[int, ...] = ()) -> Ended:
        """Run a command to its end."""
        process = await self.starts(*arguments, fds=fds)
        out, err = await asyncio.wait_for(process.communicate(given), 60)
        return Ended(process.returncode, out, err.decode())

    async def starts(self, *arguments: str, fds: tuple[int, ...] = ()) -> Process:
        """Start a command on pipes."""
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, *arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            pass_fds=fds,
        )
        self._started.append(process)
        return process

    async def leaves(self) -> None:
        """End what still runs: a test that fails may leave a command waiting."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def shares(self, *arguments: str, given: bytes = b"") -> bytes:
        """Share, and get the line with the link."""
        ended = await self.runs("share", *arguments, given=given)
        assert ended.code == 0, ended.err
        return ended.out

    @asynccontextmanager
    async def sits_at(self, *arguments: str) -> AsyncIterator[Terminal]:
        """Run a command on a terminal."""
        master, slave = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, *arguments),
            cwd=self.folder,
            env=self.environment,
            preexec_fn=lambda: os.login_tty(slave),
        )
        os.close(slave)
        terminal = Terminal(process, master)
        try:
            yield terminal
        finally:
            terminal.close()
            if process.returncode is None:
                process.kill()
                await process.wait()


class Terminal:
    """What is on the screen, and a keyboard."""

    def __init__(self, process: Process, master: int) -> None:
        self.process = process
        self._master = master
        self._screen = b""
        self._typed = 0  # where the screen ended when the last line was typed
        asyncio.get_running_loop().add_reader(master, self._read)

    @property
    def screen(self) -> str:
        return self._screen.decode(errors="replace")

    def _read(self) -> None:
        try:
            self._screen += os.read(self._master, 65536)
        except OSError:  # the command has ended
            asyncio.get_running_loop().remove_reader(self._master)

    async def says(self, text: str) -> None:
        """Wait for a text that was not there before the last line was typed."""
        await until(lambda: text in self.screen[self._typed :])

    async def types(self, line: str) -> None:
        """Type a line."""
        self._typed = len(self.screen)
        os.write(self._master, f"{line}\n".encode())

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
