"""Where Redis is: a server, a primary that sentinels name, or a cluster; and what opens it.

    redis://[user:password@]host[:6379][/db]          rediss:// the same through TLS
    unix:///path/of/the/socket[?db=0&username=…&password=…]
    redis+sentinel://[user:password@]host[:26379],host2[:26379]/primary[/db]      or rediss+
    redis+cluster://[user:password@]host[:6379],host2[:6379]                      or rediss+

What names, passwords and paths hold of `@:/?#,%` is written as `%40` and the like. After a question
mark come redis-py's own names for TLS, `sentinel_username` and `sentinel_password`, `replicas` and
`socket_timeout`.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

Node: TypeAlias = tuple[str, int]  # host, port

FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_password")
SWITCHES = ("ssl_check_hostname",)
REPLICAS, PATIENCE = "replicas", "socket_timeout"
REPLICATED_WITHIN = 1.0  # seconds that Redis may take to see what was written on its replicas
LOGIN, SENTINEL_LOGIN = ("username", "password"), ("sentinel_username", "sentinel_password")
MOST = 1000
HOW = (
    "write redis://, rediss:// or unix://, "
    "or redis+sentinel://host:26379,host2:26379/primary, or redis+cluster://host:6379,host2:6379"
)
UNCHECKED = "ssl_cert_reqs"
_NODE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:\[\]]+)(:(?P<port>[0-9]{1,5}))?")


class Kind(StrEnum):
    """How many servers there are, and who knows which one counts."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """What REDIS_URL says; nothing that opens a door is in its repr.

    `nodes`: the server, the sentinels, or some of the cluster; none where `path` is a unix socket.
    `primary`: what the sentinels call it. `login` holds `username` and `password` where they are
    needed, and so does `sentinel_login`. `tls`: redis-py's options `ssl_…`, None without TLS.
    `replicas`: how many must have what is acknowledged. `patience`: seconds for an answer.
    """

    kind: Kind = Kind.SINGLE
    nodes: tuple[Node, ...] = ()
    path: str = ""
    primary: str = ""
    db: int = 0
    login: Mapping[str, str] = field(default_factory=dict, repr=False)
    sentinel_login: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: Mapping[str, str | bool] | None = field(default=None, repr=False)
    replicas: int = 0
    patience: float | None = None

    @classmethod
    def parse(cls, text: str) -> RedisAddress:
        """Read an address, and look whether the files it names for TLS can be used.

        Raises:
            ValueError: with a sentence that says how to write one, and holds nothing of it.
        """
        try:
            parts = urlsplit(text)
        except ValueError:  # whose words may hold the password
            raise ValueError(HOW) from None
        if parts.scheme == "unix":
            return _socket(parts)
        kind = _KINDS.get(parts.scheme.removeprefix("redis").removeprefix("s"))
        if kind is None or not parts.scheme.startswith("redis") or parts.fragment:
            raise ValueError(HOW)
        return _network(parts, kind, encrypted=parts.scheme.startswith("rediss"))


_KINDS = {"": Kind.SINGLE, "+sentinel": Kind.SENTINEL, "+cluster": Kind.CLUSTER}


def _socket(parts: SplitResult) -> RedisAddress:
    options = _options(parts, {"db", PATIENCE, *LOGIN})
    if not parts.path.startswith("/"):
        raise ValueError("write the socket as unix:///absolute/path")
    return RedisAddress(
        path=unquote(parts.path),
        db=_number("db", options.get("db", "0")),
        login=_login(parts.netloc, options),
        patience=_patience(options),
    )


def _network(parts: SplitResult, kind: Kind, *, encrypted: bool) -> RedisAddress:
    known = {
        Kind.SINGLE: {"db", REPLICAS},
        Kind.SENTINEL: {REPLICAS, *SENTINEL_LOGIN},
        Kind.CLUSTER: {REPLICAS},
    }[kind] | {PATIENCE, *LOGIN}
    options = _options(parts, known | ({*FILES, *SWITCHES} if encrypted else set()))
    path = [unquote(step) for step in parts.path.strip("/").split("/") if step]
    primary = path.pop(0) if kind is Kind.SENTINEL and path else ""
    if kind is Kind.SENTINEL and not primary:
        raise ValueError("after the sentinels' addresses write the primary's name, as /mymaster")
    if len(path) > 1 or (path and kind is Kind.CLUSTER):
        raise ValueError("at the end write the database's number alone; a cluster has none")
    return RedisAddress(
        kind=kind,
        nodes=_nodes(parts.netloc, kind),
        primary=primary,
        db=_number("db", options.get("db", path[0] if path else "0")),
        login=_login(parts.netloc, options),
        sentinel_login=_named(options, LOGIN, SENTINEL_LOGIN),
        tls=_tls(options) if encrypted else None,
        replicas=_number(REPLICAS, options.get(REPLICAS, "0")),
        patience=_patience(options),
    )


def _options(parts: SplitResult, known: set[str]) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options.keys() - known:
        if name in {*FILES, *SWITCHES}:
            raise ValueError(f"{name} is about TLS: write rediss instead of redis")
        if name == UNCHECKED:
            raise ValueError(f"{name}: TLS always checks who answers; name the CA in ssl_ca_certs")
        raise ValueError(f"{parts.scheme}:// takes {', '.join(sorted(known))} after the ? only")
    return {name: value for name, value in options.items() if value}


def _nodes(netloc: str, kind: Kind) -> tuple[Node, ...]:
    usual = 26379 if kind is Kind.SENTINEL else 6379
    written = netloc.rpartition("@")[2].split(",")
    if written == [""] and kind is Kind.SINGLE:
        written = ["localhost"]
    if len(written) > 1 and kind is Kind.SINGLE:
        raise ValueError("redis:// names one server: write redis+sentinel:// or redis+cluster://")
    nodes = []
    for one in written:
        match = _NODE.fullmatch(unquote(one).strip())
        if match is None or not 0 < int(match["port"] or usual) < 2**16:
            raise ValueError("write each server as host:port; the port is from 1 to 65535")
        nodes.append((match["host"].strip("[]"), int(match["port"] or usual)))
    return tuple(nodes)


def _login(netloc: str, options: Mapping[str, str]) -> dict[str, str]:
    username, _, password = netloc.rpartition("@")[0].partition(":")
    written = {"username": unquote(username), "password": unquote(password)}
    return {name: value for name, value in written.items() if value} | _named(options, LOGIN, LOGIN)


def _named(
    options: Mapping[str, str], names: tuple[str, ...], written: tuple[str, ...]
) -> dict[str, str]:
    return {name: options[key] for name, key in zip(names, written, strict=True) if key in options}


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > MOST:
        raise ValueError(f"{name}: write a number up to {MOST}")
    return int(text)


def _patience(options: Mapping[str, str]) -> float | None:
    if PATIENCE not in options:
        return None
    try:
        seconds = float(options[PATIENCE])
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < MOST:
        raise ValueError(f"{PATIENCE}: write seconds, as 5 or 0.5")
    if REPLICAS in options and seconds <= REPLICATED_WITHIN:
        raise ValueError(f"{PATIENCE}: with {REPLICAS} write more than {REPLICATED_WITHIN:.0f}")
    return seconds


def _tls(options: Mapping[str, str]) -> dict[str, str | bool]:
    checked = options.get("ssl_check_hostname", "true").lower()
    if checked not in {"true", "false"}:
        raise ValueError("ssl_check_hostname: write true or false")
    context = ssl.create_default_context()
    if "ssl_ca_certs" in options:
        try:
            context.load_verify_locations(options["ssl_ca_certs"])
        except OSError:  # as ssl's own errors are
            raise ValueError("ssl_ca_certs: no certificate can be read from that file") from None
    if "ssl_certfile" in options:
        _load_own(context, options)
    elif "ssl_keyfile" in options:
        raise ValueError("ssl_keyfile: its certificate is missing, write ssl_certfile too")
    files = {name: options[name] for name in FILES if name in options}
    return {**files, "ssl_check_hostname": checked == "true"}


def _load_own(context: ssl.SSLContext, options: Mapping[str, str]) -> None:
    """Load the certificate that we show; a key that needs a password must not ask for one here."""
    key, password = options.get("ssl_keyfile"), options.get("ssl_password", "")
    try:
        context.load_cert_chain(options["ssl_certfile"], key, lambda: password)
    except (OSError, ValueError):
        raise ValueError(
            "ssl_certfile, ssl_keyfile: they can not be read, or do not belong together, "
            "or the key needs ssl_password"
        ) from None
