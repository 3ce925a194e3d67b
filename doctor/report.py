"""Everything is looked at in turn, each within a limit, and told line by line."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

import structlog

from doctor.doors import discord, telegram
from doctor.finding import Grade, bad, good
from doctor.machine import machine
from doctor.reach import reach
from doctor.storage import storage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.settings import Settings
    from doctor.finding import Finding

PATIENCE = 30.0  # seconds for each
EXAMINATIONS: dict[str, Callable[[Settings], Awaitable[list[Finding]]]] = {
    "machine": machine,
    "storage": storage,
    "public address": reach,
    "Telegram": telegram,
    "Discord": discord,
}


def run(settings: Settings) -> int:
    """Print what was found; answer the exit code: 1 where there is a problem, otherwise 0."""
    # What a start would log is among the findings.
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    findings = [good("settings", "all of them can be read")]
    _tell(findings)
    for name, examination in EXAMINATIONS.items():
        found = await _examined(name, examination(settings))
        _tell(found)
        findings += found
    problems = sum(finding.grade is Grade.BAD for finding in findings)
    doubts = sum(finding.grade is Grade.DOUBTFUL for finding in findings)
    sys.stdout.write(f"{problems} problems, {doubts} warnings\n")
    return 1 if problems else 0


async def _examined(name: str, examination: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await examination
    except TimeoutError:
        return [bad(name, f"not known within {PATIENCE:.0f} s: something there hangs")]
    except Exception as error:  # noqa: BLE001 - the others are looked at all the same; a text could hold a token
        return [bad(name, f"could not be looked at ({type(error).__name__})")]


def _tell(findings: list[Finding]) -> None:
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.flush()
