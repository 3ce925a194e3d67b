"""What a process forbids and allows itself."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from core import guards

ROOT = Path(__file__).parents[2]
SHOW = """
import resource
from core import guards
guards.keep_files_private()
guards.allow_many_files()
open("written", "w").close()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_files_are_private_and_may_be_many(tmp_path: Path) -> None:
    """What is written belongs to its user alone; the limit of open files is what it may be."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 100:
        pytest.skip("this machine allows few open files")
    shown = subprocess.run(  # noqa: S603 - our own code
        ["/bin/sh", "-c", f'umask 022; ulimit -S -n 64; exec "{sys.executable}" -c "$0"', SHOW],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (tmp_path / "written").stat().st_mode & 0o777 == 0o600
    most = guards.FILES if hard == resource.RLIM_INFINITY else min(guards.FILES, hard)
    assert int(shown.stdout) == most


@pytest.mark.parametrize(
    ("disks", "allowed", "swaps"),
    [
        ("", None, False),
        ("/dev/sda2 partition 100 0 -2\n", None, True),
        ("/dev/sda2 partition 100 0 -2\n", "max", True),
        ("/dev/sda2 partition 100 0 -2\n", "0", False),
        ("/dev/zram0 partition 100 0 100\n", "max", False),
    ],
)
def test_swap_is_noticed(tmp_path: Path, disks: str, allowed: str | None, swaps: bool) -> None:
    """A disk that memory may go to counts, unless our group gets none of it."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/swaps").write_text("Filename Type Size Used Priority\n" + disks)
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    if allowed is not None:
        (group / "memory.swap.max").write_text(f"{allowed}\n")
    assert guards.may_swap(tmp_path) is swaps
    assert guards.may_swap(tmp_path / "nowhere") is False
