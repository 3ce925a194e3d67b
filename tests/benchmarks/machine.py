"""What the figures were measured on, as far as it matters for them."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Name processors, memory, kernel and Python; nothing that tells whose machine it is."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{processors} processors ({_model()}), {memory:.0f} GB, {platform.system()} "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}; "
        f"load generator included."
    )


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
