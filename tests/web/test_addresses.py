"""From which network a request comes: proxies are heeded only where the operator trusts them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from web.addresses import MOST_HOPS, Addresses, network_of

TRUSTED = tuple(map(ip_network, ("10.0.0.0/8", "2001:db8:ffff::/48")))


def seen(peer: str, *headers: tuple[str, str]) -> str:
    request = make_mocked_request("GET", "/", headers=CIMultiDict(headers)).clone(remote=peer)
    return Addresses(TRUSTED).of(request)


@pytest.mark.parametrize(
    ("peer", "told", "network"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # anybody can write that
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first is made up
        ("10.0.0.1", "198.51.100.1, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:ffff::1", "fe80::1%eth0", "fe80::/64"),
        ("10.0.0.1", ", ".join(["203.0.113.9", *["10.0.0.2"] * MOST_HOPS]), "10.0.0.2"),
        ("10.0.0.1", "x" * 8000, "10.0.0.1"),
    ],
)
def test_the_last_hop_that_nobody_vouches_for(peer: str, told: str | None, network: str) -> None:
    """Hops are walked from our side, and never further than somebody trusted told of them."""
    headers = () if told is None else (("X-Forwarded-For", told),)
    assert seen(peer, *headers) == network


def test_several_lines_are_one_list() -> None:
    """A proxy may add a line instead of a word: the last one is the nearest."""
    lines = (("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.9"))
    assert seen("10.0.0.1", *lines) == "203.0.113.9"


@pytest.mark.parametrize(
    ("told", "network"),
    [
        ('for=203.0.113.9;proto=https, for="10.0.0.7:80"', "203.0.113.9"),
        ('for="[2001:db8:1:2:3::4]:4711";by=10.0.0.1', "2001:db8:1:2::/64"),
        ("for=203.0.113.9, for=_hidden", "10.0.0.1"),
        ('for="198.51.100.1, for=203.0.113.9', "203.0.113.9"),  # an open quote hides nothing
        ("proto=https", "10.0.0.1"),
    ],
)
def test_forwarded_is_read_too(told: str, network: str) -> None:
    """RFC 7239 says the same in another form."""
    assert seen("10.0.0.1", ("Forwarded", told)) == network


def test_headers_that_disagree_count_for_the_proxy() -> None:
    """A client can write the header that its proxy does not, and gains nothing by it."""
    told = ("X-Forwarded-For", "203.0.113.9")
    assert seen("10.0.0.1", told, ("Forwarded", "for=198.51.100.1")) == "10.0.0.1"
    assert seen("10.0.0.1", told, ("Forwarded", "for=203.0.113.9")) == "203.0.113.9"


def test_ipv6_counts_by_what_a_customer_gets() -> None:
    """Whoever has one address of a /64 has all of them."""
    one, other = ip_address("2001:db8:a:b::1"), ip_address("2001:db8:a:b:ffff::2")
    assert network_of(one) == network_of(other) == "2001:db8:a:b::/64"
    assert network_of(ip_address("2001:db8:a:c::1")) != network_of(one)
