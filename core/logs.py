"""The log: one line for each event, without contents, keys, names, and ids of people."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

log = structlog.get_logger()

TALKATIVE = ("httpx", "httpcore", "telegram", "discord", "aiohttp")


class _Terse(logging.Handler):
    """Tells of a library's trouble without its values: aiohttp prints requests that it can't read.

    What stays is the message before its values are filled in (asyncio's go on in further lines),
    and the error's class.
    """

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        log.log(
            record.levelno,
            str(record.msg).partition("\n")[0],
            library=record.name,
            **({"error": error.__name__} if error is not None else {}),
        )


def set_up_logs(role: str, style: str | None = None) -> None:
    """Log our own lines, and the libraries' errors only: some print addresses with tokens.

    Args:
        role: what this process is, in each line: `run`, `web`, `telegram`, ….
        style: `json` or `text`; None: text for a terminal, JSON for whatever keeps logs.
    """
    logging.basicConfig(level=logging.WARNING, handlers=[_Terse()])
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    text = sys.stderr.isatty() if style is None else style == "text"

    def bind_role(_log: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["role"] = role
        return event

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.MaybeTimeStamper(fmt="iso", utc=True),
            bind_role,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
            if text
            else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
