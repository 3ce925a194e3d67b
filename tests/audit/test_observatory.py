"""MDN's HTTP Observatory on the server behind TLS, as it stands on the internet."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web as aiohttp_web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.audit.process import told
from web.app import create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.bootstrap import House
    from core.settings import Settings

SCRIPT = Path(__file__).with_name("observatory.js")
LEAST = 130


@pytest.mark.parametrize("path", ["/", "/s/x", "/language?language=en"])
async def test_observatory_gives_130_points_and_more(
    house: House,
    settings: Settings,
    tools: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    path: str,
) -> None:
    """A+, with and without the one cookie that a visitor may get."""
    certificate = _certified(tmp_path)
    async with _behind_tls(house, settings, certificate) as (http, https):
        marks = await told(
            "node",
            str(SCRIPT),
            *(str(tools), str(http), str(https), path),
            NODE_EXTRA_CA_CERTS=str(certificate),
        )
    points = {one["name"]: f"{one['result']} {one['points']:+}" for one in marks["tests"]}
    with capsys.disabled():
        print(f"\nObservatory, {path}: {marks['grade']}, {marks['score']} points")
    assert marks["grade"] == "A+", points
    assert marks["score"] >= LEAST, points
    assert all(one["pass"] for one in marks["tests"]), points


@asynccontextmanager
async def _behind_tls(
    house: House, settings: Settings, certificate: Path
) -> AsyncIterator[tuple[int, int]]:
    """Serve by https, and send on from http, as a proxy in front does; yields both ports."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    public = replace(settings, public_url="https://localhost")
    secure = aiohttp_web.AppRunner(create_app(house, public), access_log=None)
    plain = aiohttp_web.AppRunner(aiohttp_web.Application(), access_log=None)
    port = 0

    async def on(request: aiohttp_web.Request) -> aiohttp_web.Response:
        target = request.url.with_scheme("https").with_port(port)
        raise aiohttp_web.HTTPMovedPermanently(target)

    plain.app.router.add_get("/{path:.*}", on)
    await secure.setup()
    await plain.setup()
    try:
        await aiohttp_web.TCPSite(secure, "localhost", 0, ssl_context=context).start()
        await aiohttp_web.TCPSite(plain, "localhost", 0).start()
        port = secure.addresses[0][1]
        yield plain.addresses[0][1], port
    finally:
        await plain.cleanup()
        await secure.cleanup()


def _certified(folder: Path) -> Path:
    """Write a certificate for localhost and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    file = folder / "localhost.pem"
    file.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    )
    return file
