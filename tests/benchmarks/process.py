"""What Linux tells of a process: CPU time and memory. Elsewhere the figures are missing (nan)."""

from __future__ import annotations

import math
import os
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
OWN_PEAK = "5"  # written to `clear_refs`, it lets the peak begin anew


def cpu(pid: int) -> float:
    """Seconds of CPU that all its threads have used, in user and system."""
    try:
        fields = _stat(pid)
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def own_cpu() -> float:
    """Seconds of CPU of this process."""
    return time.process_time()


def children(pid: int) -> list[int]:
    """List the processes that it started and that live."""
    found = []
    for other in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if int(_stat(int(other.name))[1]) == pid:
                found.append(int(other.name))
    return found


def _stat(pid: int) -> list[str]:
    """Read what follows the name, which may hold anything: the state is the first."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def resident(pid: int) -> float:
    """MB that it has in memory now."""
    return _megabytes(pid, "VmRSS:")


def peak(pid: int) -> float:
    """MB that it had in memory at most, since its start or since `forget_peak`."""
    return _megabytes(pid, "VmHWM:")


def forget_peak(pid: int) -> None:
    with suppress(OSError):
        (PROC / str(pid) / "clear_refs").write_text(OWN_PEAK)


def _megabytes(pid: int, name: str) -> float:
    with suppress(OSError):
        for line in (PROC / str(pid) / "status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024 / 1e6
    return math.nan
