"""Whether people reach the server by its public address, and whose word counts about them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from core.settings import LOOPBACK
from doctor.finding import bad, doubtful, good

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from core.settings import Settings
    from doctor.finding import Finding

ADDRESS, PROXIES = "public address", "proxies"
PATIENCE = aiohttp.ClientTimeout(total=10)
# Addresses of one trusted network: 10.0.0.0/8 is the largest private one.
MANY, FEW = 2**24, 2**16
SHORTEST_PREFIX = 32  # of a public IPv6 network; more than a provider has for all its customers


async def reach(settings: Settings) -> list[Finding]:
    """Ask for the server from here; somebody elsewhere may still see something else."""
    async with aiohttp.ClientSession(timeout=PATIENCE) as session:
        return [*await _address(session, settings), *_proxies(settings)]


async def _address(session: aiohttp.ClientSession, settings: Settings) -> list[Finding]:
    url = settings.public_url
    local = urlsplit(url).hostname in LOOPBACK
    found = [doubtful(ADDRESS, f"PUBLIC_URL is {url}: only this machine reaches it")]
    if not local:
        found.clear()
    try:
        began = time.perf_counter()
        async with session.get(f"{url}/healthz", allow_redirects=False) as answer:
            ours = answer.status == 200 and (await answer.text()) == '{"alive": true}'  # noqa: PLR2004 - HTTP's OK
            took = (time.perf_counter() - began) * 1000
        async with session.get(f"{url}/metrics", allow_redirects=False) as answer:
            shown = "onetimeshare_" in await answer.text()
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
        grade = doubtful if local else bad
        return [*found, grade(ADDRESS, f"{url} {_why(error)}")]
    if not ours:
        told = (
            f"{url}/healthz answers {answer.status}, not as OneTimeShare does: where does it lead?"
        )
        return [*found, bad(ADDRESS, told)]
    if shown:
        found.append(
            bad("metrics", f"{url}/metrics shows them to everybody: close it in the proxy")
        )
    return [*found, good(ADDRESS, f"{url} answers in {took:.0f} ms")]


def _why(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "has no certificate that this machine trusts: renew it, or serve its whole chain"
        case aiohttp.ClientConnectorDNSError():
            return "has no address: make a DNS entry for it"
        case aiohttp.ClientConnectorError():
            return (
                "refuses the connection: start the server, and look at the proxy and the firewall"
            )
        case TimeoutError():
            return "does not answer in 10 s: look at the proxy and the firewall"
        case _:
            return f"answers nothing that can be read ({type(error).__name__}): look at the proxy"


def _proxies(settings: Settings) -> list[Finding]:
    trusted = settings.trusted_proxies
    behind = settings.public_url.startswith("https://")
    if not trusted and behind:
        return [
            doubtful(
                PROXIES,
                "TRUSTED_PROXIES is empty, and https:// means that there is one: "
                "all visitors share the limits of its address",
            )
        ]
    found = [
        bad(PROXIES, f"{net} is so large that visitors may be in it")
        for net in trusted
        if _large(net)
    ]
    if found:
        return found
    return [good(PROXIES, f"{len(trusted)} trusted networks" if trusted else "none, none needed")]


def _large(network: IPv4Network | IPv6Network) -> bool:
    private = network.is_private and network.prefixlen > 0
    if network.version == 6:  # noqa: PLR2004 - IPv6
        return network.prefixlen < SHORTEST_PREFIX and not private
    return network.num_addresses > (MANY if private else FEW)
