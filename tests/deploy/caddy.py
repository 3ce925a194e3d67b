"""Caddy with the Caddyfile that is shipped, on loopback and with certificates of its own making."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.deploy.tools import find, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
CADDYFILE = ROOT / "deploy/caddy/Caddyfile"
AUTHORITY = "pki/authorities/local/root.crt"  # below Caddy's storage


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running one; `tls` trusts it."""

    http: int
    https: int
    tls: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"


@asynccontextmanager
async def caddy(
    folder: Path, web: int, telegram: int, ports: tuple[int, int]
) -> AsyncIterator[Proxy]:
    """Run it before servers on two ports of 127.0.0.1; its log goes to `caddy.log`."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "DOMAIN": "localhost",
        "WEB": f"127.0.0.1:{web}",
        "TELEGRAM": f"127.0.0.1:{telegram}",
    }
    written = folder / "caddy.json"
    written.write_text(json.dumps(_on_loopback(environment, folder, *ports)))
    with (folder / "caddy.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            find("caddy"), "run", "--config", str(written), env=environment, stdout=log, stderr=log
        )
    try:
        yield Proxy(*ports, await _trusting(folder / AUTHORITY, ports[1]))
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)


def _on_loopback(
    environment: dict[str, str], folder: Path, http: int, https: int
) -> dict[str, Any]:
    """Adapt the Caddyfile as Caddy does; only ports, storage and its own authority differ."""
    adapted = run("caddy", "adapt", "--config", str(CADDYFILE), "--validate", env=environment)
    config: dict[str, Any] = json.loads(adapted)
    [server] = config["apps"]["http"]["servers"].values()
    assert server["listen"] == [":443"]
    server["listen"] = [f"127.0.0.1:{https}"]
    config["apps"]["http"]["http_port"] = http
    config["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
    config["admin"] = {"disabled": True}
    config["storage"] = {"module": "file_system", "root": str(folder)}
    return config


async def _trusting(authority: Path, port: int) -> ssl.SSLContext:
    """Wait for the certificate, which comes after the port is open; trust who made it."""
    async with asyncio.timeout(60):
        while True:
            try:
                tls = ssl.create_default_context(cafile=str(authority))
                _, writer = await asyncio.open_connection("localhost", port, ssl=tls)
            except OSError:  # no file, no port, no handshake
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return tls
