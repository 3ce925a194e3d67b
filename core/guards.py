"""What a process forbids and allows itself before it touches a secret."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

PR_SET_DUMPABLE = 4
M_ARENA_MAX = -8  # mallopt(3)
FILES = 65_536  # open at once: a connection is one, and a transfer two


def forbid_core_dumps() -> None:
    """Let no crash write our memory, where keys and contents pass through, to a disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # a handler that the system pipes dumps to heeds no limit
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def keep_files_private() -> None:
    """Let nobody else read what we write, also where nothing says so."""
    os.umask(0o077)


def allow_many_files() -> None:
    """Take as many open files as we may have: shells and services give 1,024, and allow more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def share_one_heap() -> None:
    """Let all threads allocate from one heap, where the system's would give each its own.

    What one of them frees the others use again: transfers took a fifth less memory, and less time.
    """
    with suppress(AttributeError):  # only glibc has it
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def closed_to_others(path: Path) -> bool:
    """Tell whether nobody but its user and group can look into a file or folder or change it."""
    return not path.stat().st_mode & 0o007


def closed_on_the_way(folder: Path) -> bool:
    """Tell whether others can't come to a folder: it, or one that it lies in, is closed to them."""
    return any(closed_to_others(one) for one in (folder, *folder.parents))


def may_swap(root: Path = Path("/")) -> bool:
    """Tell whether the system may write our memory to a swap disk; unknown counts as no."""
    try:
        disks = (root / "proc/swaps").read_text().splitlines()[1:]
    except OSError:
        return False
    # Compressed memory is no disk.
    disks = [disk for disk in disks if not disk.startswith("/dev/zram")]
    return bool(disks) and _allowance(root / "sys/fs/cgroup/memory.swap.max") != 0


def memory_limit(root: Path = Path("/")) -> int | None:
    """Tell the memory (bytes) that our control group may use; None: all there is, or unknown."""
    return _allowance(root / "sys/fs/cgroup/memory.max")


def _allowance(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
