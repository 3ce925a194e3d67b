"""A cluster through TLS: each server that it names is checked, and shown our certificate."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from core.errors import CannotStart
from core.redis_address import RedisAddress
from core.redis_connection import connect, pipe_to
from core.scripts import Scripts
from tests.fakes.authority import Authority
from tests.redis.relay import relay
from tests.redis_cluster.nodes import running

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"
PASSWORD = "s3cret"


async def works(url: str) -> bool:
    async with connect(RedisAddress.parse(url)) as redis:
        scripts = Scripts(pipe_to(redis))
        names = [f"ots:{n}" for n in range(10)]  # on both servers
        written = await scripts.together(*(("SET", name, 1) for name in names))
        read = [await redis.get(name) for name in names]
        await scripts.aclose()
        return all(written) and read == [b"1"] * len(names)


async def test_servers_are_checked_and_so_are_we(tmp_path: Path) -> None:
    """Authority, own certificate and the password of its key are used for each server found."""
    ours = Authority(tmp_path, (LOOPBACK,))
    key = serialization.load_pem_private_key(ours.key.read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(PASSWORD.encode()),
        )
    )
    async with AsyncExitStack() as stack:
        nodes = stack.enter_context(running(tmp_path, primaries=2))
        ports = []
        for one in nodes.primaries:
            ports.append(await stack.enter_async_context(relay(one.port, ours, mutual=True)))
            one.redis.config_set("cluster-announce-port", ports[-1])
        url = f"rediss+cluster://{LOOPBACK}:{ports[0]}?ssl_ca_certs={ours.certificate}"
        shown = f"ssl_certfile={ours.certificate}&ssl_keyfile={locked}&ssl_password={PASSWORD}"
        assert await works(f"{url}&{shown}")
        with pytest.raises(CannotStart, match="through TLS"):
            await works(url)
        with pytest.raises(CannotStart, match="is not trusted here"):
            await works(f"rediss+cluster://{LOOPBACK}:{ports[0]}?{shown}")
