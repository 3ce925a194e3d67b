"""The data folder, and what the system gives this user's processes."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from core import guards
from doctor.finding import bad, doubtful, good

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.settings import Settings
    from doctor.finding import Finding

FOLDER, MEMORY, FILES, SETTINGS = "data folder", "memory", "open files", "settings"
FEW_FILES = 4096
SMALL = 256 * 1024 * 1024  # bytes; a password takes 64 MiB of them while it is checked, two at once


async def machine(settings: Settings) -> list[Finding]:
    """Look at them."""
    return await asyncio.to_thread(
        lambda: [
            *_folder(settings.data_dir),
            *_memory(),
            _files(),
            *_key(settings),
            *_settings(settings),
        ]
    )


def _folder(folder: Path) -> Iterator[Finding]:
    try:
        found = folder.stat()
    except FileNotFoundError:
        yield good(FOLDER, f"{folder} is made at the first start")
        return
    except OSError as error:
        yield bad(FOLDER, f"{folder} can not be looked at: {error.strerror}")
        return
    if found.st_mode & 0o007:
        yield bad(FOLDER, f"others can read it; run: chmod 700 {folder}")
    elif found.st_mode & 0o070:
        yield doubtful(FOLDER, f"its group can read it; run: chmod 700 {folder}")
    elif found.st_uid != os.geteuid():
        yield doubtful(FOLDER, f"{folder} belongs to another user than runs this command")
    else:
        yield good(FOLDER, f"{folder} is this user's alone")


def _key(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir / "secret.key"
    if settings.secret_key is None and path.exists() and path.stat().st_mode & 0o077:
        yield bad("server key", f"others can read it; run: chmod 600 {path}")


def _settings(settings: Settings) -> Iterator[Finding]:
    path = Path(".env")
    if path.exists() and not guards.closed_to_others(path):
        yield doubtful(SETTINGS, f"others can read {path}, where tokens may be: chmod 600 {path}")
    yield from (doubtful(SETTINGS, doubt) for doubt in settings.doubts)


def _memory() -> Iterator[Finding]:
    limit = guards.memory_limit()
    if limit is not None and limit < SMALL:
        yield doubtful(MEMORY, f"the limit is {limit >> 20} MiB: give each process 256 MiB or more")
    if guards.may_swap():
        yield doubtful(
            MEMORY,
            "what passes through it may be written to a swap disk and stay there: "
            "turn it off (swapoff -a), encrypt it, or set a memory limit without it",
        )
    else:
        yield good(MEMORY, "is not written to a swap disk")


def _files() -> Finding:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most != resource.RLIM_INFINITY and most < FEW_FILES:
        return doubtful(FILES, f"only {most}: raise the limit (LimitNOFILE=65536, ulimit -n)")
    return good(FILES, f"up to {most}")
