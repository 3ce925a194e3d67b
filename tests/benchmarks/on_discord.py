"""The command, whose Discord is a fake on loopback."""

from __future__ import annotations

import os
import socket
import ssl
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import ResolveResult

import onetimeshare
from bots import discord_bot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.tracing import Trace


class _Loopback(aiohttp.TCPConnector):
    """Believes the fake's certificate, and finds every host on its port."""

    async def _resolve_host(
        self, host: str, port: int, traces: Sequence[Trace] | None = None
    ) -> list[ResolveResult]:
        del port, traces  # Discord's, and none
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=int(os.environ["FAKE_PORT"]),
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]


def _connector() -> aiohttp.BaseConnector:
    return _Loopback(ssl=ssl.create_default_context(cafile=os.environ["FAKE_CERTIFICATE"]))


if __name__ == "__main__":
    discord_bot.run = partial(discord_bot.run, connect=_connector)
    onetimeshare.main()
