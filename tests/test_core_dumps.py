"""A crash writes no memory to a disk: keys and contents pass through it."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.test_process import ROOT, free_port, ready

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiohttp import ClientSession

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about the dump")


@pytest.fixture
def dumps_allowed() -> Iterator[None]:
    """Let what this test starts dump its memory, as far as the machine does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == 0:
        pytest.skip("this machine allows no core dump to anybody")
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def started(folder: Path, *command: str, **settings: str) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    with (folder / "err").open("ab") as err:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, *command], cwd=folder, env=environment, stdout=err, stderr=err
        )


def dumps(crashing: subprocess.Popen[bytes]) -> bool:
    """Crash a process; tell whether the system dumped it."""
    crashing.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(crashing.pid, 0)
    crashing.wait()  # it only learns that it is gone
    assert os.WTERMSIG(status) == signal.SIGSEGV
    return os.WCOREDUMP(status)


def cores(folder: Path) -> set[Path]:
    return set(folder.glob("core*"))


async def test_crash_leaves_no_core_dump(
    tmp_path: Path, client: ClientSession, dumps_allowed: None
) -> None:
    """The command's process dumps nothing where another Python does."""
    if not dumps(started(tmp_path, "-c", "import time; time.sleep(60)")):
        pytest.skip("this machine dumps nobody's core")
    before = cores(tmp_path)
    port = str(free_port())
    web = started(tmp_path, str(ROOT / "onetimeshare.py"), "run", PORT=port)
    try:
        await ready(client, f"http://127.0.0.1:{port}")
        assert not await asyncio.to_thread(dumps, web)
    finally:
        web.kill()
        web.wait()
    assert cores(tmp_path) == before
