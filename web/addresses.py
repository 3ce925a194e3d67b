"""From which network a request comes, told by proxies only where they are trusted."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeAlias

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network

    from aiohttp import web

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = "Sequence[IPv4Network | IPv6Network]"

log = structlog.get_logger()

MOST_HOPS = 16  # of a header, counted from its end: what lies before can be anybody's invention
HOUSEHOLD = 64  # bits: whoever has one IPv6 address has all that begin so
NOWHERE = "unknown"


class Addresses:
    """Tells networks apart: IPv4 by address, IPv6 by its first 64 bits."""

    def __init__(self, trusted: Networks) -> None:
        self._trusted = trusted
        self._warned = False

    def of(self, request: web.Request) -> str:
        """Name the network that a request comes from, such as `192.0.2.7` or `2001:db8::/64`.

        That is the last hop which is not a trusted proxy. `X-Forwarded-For` and `Forwarded` are
        heeded where the peer is one. A proxy writes one of them and may pass the other on as the
        client made it up, so where the two disagree the proxy's own address counts.
        """
        peer = _address(request.remote or "")
        if peer is None:
            return NOWHERE
        lists = request.headers.getall("X-Forwarded-For", ())
        if not lists and "Forwarded" not in request.headers:
            return network_of(peer)
        if not self._is_trusted(peer):
            self._warn(peer)
            return network_of(peer)
        told = set()
        if lists:
            told.add(self._client(peer, ",".join(lists).split(",")))
        if "Forwarded" in request.headers:
            told.add(self._client(peer, [hop.get("for", "") for hop in request.forwarded]))
        return network_of(told.pop() if len(told) == 1 else peer)

    def _client(self, peer: Address, hops: list[str]) -> Address:
        """Walk from our side to the first hop that nobody vouches for."""
        for hop in reversed(hops[-MOST_HOPS:]):
            if not self._is_trusted(peer):
                break
            address = _address(hop)
            if address is None:  # hidden or unreadable: whoever told it stands for it
                break
            peer = address
        return peer

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _warn(self, peer: Address) -> None:
        """Tell an operator once, as all visitors would share one limit."""
        if not self._warned and (peer.is_loopback or peer.is_private):
            self._warned = True
            log.warning("a proxy's word is not heeded", what_to_do="set TRUSTED_PROXIES")


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    """Read an address as headers have it: with a port, in brackets, with a zone."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def network_of(address: Address) -> str:
    """Name the smallest network that is surely one customer's."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, HOUSEHOLD), strict=False))
    return str(address)
