"""Redis through TLS: who answers is checked, and so are we where it asks for that."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from core.errors import CannotStart
from core.redis_address import RedisAddress
from core.redis_connection import connect
from tests.fakes.authority import Authority
from tests.redis.relay import relay
from tests.redis.servers import PRIMARY, one_server, sentinel_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LOOPBACK = "127.0.0.1"


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    """Sign for loopback."""
    return authority(tmp_path / "ours", LOOPBACK)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[int]:
    """Run a Redis, and give its port."""
    async with one_server(tmp_path) as server:
        yield server.port


def authority(folder: Path, host: str) -> Authority:
    folder.mkdir()
    return Authority(folder, (host,))


async def answers(url: str) -> bool:
    async with connect(RedisAddress.parse(url)) as redis:
        return bool(await redis.set("ots:key", 1))


async def test_certificate_is_checked_against_the_authority(
    server: int, ours: Authority, tmp_path: Path
) -> None:
    """Its own authority is believed; another one, none, and another host's name are not."""
    other = authority(tmp_path / "other", LOOPBACK)
    elsewhere = authority(tmp_path / "elsewhere", "elsewhere")
    async with relay(server, ours) as port, relay(server, elsewhere) as wrong:
        url = f"rediss://{LOOPBACK}:{port}"
        assert await answers(f"{url}?ssl_ca_certs={ours.certificate}")
        doubtful = (
            url,
            f"{url}?ssl_ca_certs={other.certificate}",
            f"rediss://{LOOPBACK}:{wrong}?ssl_ca_certs={elsewhere.certificate}",
        )
        told = await asyncio.gather(*(map(answers, doubtful)), return_exceptions=True)
    for refused in told:
        assert isinstance(refused, CannotStart)
        assert "is not trusted here" in refused.reason


async def test_our_own_certificate_is_shown(server: int, ours: Authority) -> None:
    """A Redis that asks for one gets it; without it we are told to write it."""
    async with relay(server, ours, mutual=True) as port:
        url = f"rediss://{LOOPBACK}:{port}?ssl_ca_certs={ours.certificate}"
        assert await answers(f"{url}&ssl_certfile={ours.certificate}&ssl_keyfile={ours.key}")
        with pytest.raises(CannotStart, match="through TLS"):
            await answers(url)


async def test_sentinels_and_the_primary_are_reached_through_tls(
    server: int, ours: Authority, tmp_path: Path
) -> None:
    """One authority is for all of them; sentinels that can't be believed name no primary."""
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(relay(server, ours))
        sentinel = await stack.enter_async_context(sentinel_of(port, tmp_path))
        asked = await stack.enter_async_context(relay(sentinel.port, ours))
        url = f"rediss+sentinel://{LOOPBACK}:{asked}/{PRIMARY}"
        assert await answers(f"{url}?ssl_ca_certs={ours.certificate}")
        with pytest.raises(CannotStart, match=r"No sentinel can be asked\. The certificate"):
            await answers(url)


async def test_redis_without_tls_is_told_as_such(server: int) -> None:
    """`rediss` before a server that has none says what to write."""
    with pytest.raises(CannotStart, match="has no TLS"):
        await answers(f"rediss://{LOOPBACK}:{server}?socket_timeout=0.2")
