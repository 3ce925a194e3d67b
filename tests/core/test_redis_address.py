"""REDIS_URL, read."""

from __future__ import annotations

import pytest

from core.redis_address import Kind, RedisAddress

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("redis://", RedisAddress(nodes=(("localhost", 6379),))),
        (
            "redis://:p%40ss@host:6380/2",
            RedisAddress(nodes=(("host", 6380),), db=2, login={"password": "p@ss"}),
        ),
        (
            "rediss://ots:p@[fd00::1]?ssl_check_hostname=false",
            RedisAddress(
                nodes=(("fd00::1", 6379),),
                login={"username": "ots", "password": "p"},
                tls={"ssl_check_hostname": False},
            ),
        ),
        (
            "unix:///run/a%3Fb.sock?db=1&socket_timeout=0.5",
            RedisAddress(path="/run/a?b.sock", db=1, patience=0.5),
        ),
        (
            "redis+sentinel://ots:p@one,two:26380/mymaster/3?sentinel_password=q&replicas=1",
            RedisAddress(
                kind=Kind.SENTINEL,
                nodes=(("one", 26379), ("two", 26380)),
                primary="mymaster",
                db=3,
                login={"username": "ots", "password": "p"},
                sentinel_login={"password": "q"},
                replicas=1,
            ),
        ),
        (
            "rediss+cluster://one:7000,two",
            RedisAddress(
                kind=Kind.CLUSTER,
                nodes=(("one", 7000), ("two", 6379)),
                tls={"ssl_check_hostname": True},
            ),
        ),
    ],
)
def test_an_address_says_where_redis_is_and_what_opens_it(text: str, meant: RedisAddress) -> None:
    """Each kind of address is read with its servers, its logins and its usual ports."""
    assert RedisAddress.parse(text) == meant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"http://:{SECRET}@host", "write redis://"),
        (f"redis+single://:{SECRET}@host", "write redis://"),
        (f"redis://:{SECRET}@[host", "write redis://"),
        (f"redis://:{SECRET}@ho\u2100st", "write redis://"),
        (f"unix://{SECRET}", "unix:///absolute/path"),
        (f"redis://:{SECRET}@one,two", "names one server"),
        (f"redis://:{SECRET}@host:{SECRET}", "host:port"),
        (f"redis://:{SECRET}@host:65536", "host:port"),
        (f"redis://host/{SECRET}", "db: write a number"),
        (f"redis://host?replicas={SECRET}", "replicas: write a number"),
        (f"redis://host?socket_timeout={SECRET}", "write seconds"),
        ("redis://host?replicas=1&socket_timeout=1", "write more than 1"),
        (
            f"redis://host?{SECRET}={SECRET}",
            "takes db, password, replicas, socket_timeout",
        ),
        (f"redis+sentinel://:{SECRET}@host:26379", "the primary's name"),
        (f"redis+sentinel://:{SECRET}@/mymaster", "host:port"),
        (f"redis+cluster://:{SECRET}@host/1", "a cluster has none"),
        (f"redis://:{SECRET}@host?ssl_ca_certs=/ca.pem", "rediss"),
        (f"rediss://:{SECRET}@host?ssl_ca_certs=/{SECRET}", "ssl_ca_certs"),
        (f"rediss://:{SECRET}@host?ssl_certfile=/{SECRET}", "ssl_certfile"),
        (f"rediss://:{SECRET}@host?ssl_keyfile=/{SECRET}", "ssl_certfile too"),
        (f"rediss://:{SECRET}@host?ssl_check_hostname=perhaps", "true or false"),
        (f"rediss://:{SECRET}@host?ssl_cert_reqs=none", "ssl_ca_certs"),
    ],
)
def test_an_address_that_can_not_be_used_is_refused_with_what_to_write(
    text: str, told: str
) -> None:
    """A wrong address is told with what to write instead, and nothing of it is said again."""
    with pytest.raises(ValueError, match=told) as refused:
        RedisAddress.parse(text)
    assert SECRET not in str(refused.value)


def test_no_login_is_in_an_addresss_repr() -> None:
    """What is logged by mistake says where Redis is, not how it is opened."""
    address = RedisAddress.parse(
        f"rediss+sentinel://ots:{SECRET}@host/mymaster?sentinel_password={SECRET}"
    )
    assert "mymaster" in repr(address)
    assert SECRET not in repr(address)
