"""What the operator decides: read once from the environment and `.env`, validated, then frozen."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dotenv import dotenv_values

from core.allowance import Allowance
from core.credentials import parse_hash
from core.form import Form
from core.place import Place, parse_place_url
from core.policy import SHORTEST_LIFETIME, Policy
from core.quantities import parse_duration
from core.redis_address import RedisAddress
from core.shard import Shard
from core.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SECRET_KEY_SIZE = 32
TELEGRAM = "https://api.telegram.org"
SWITCH = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that does not print."""

    value: str = field(repr=False)

    def reveal(self) -> str:
        return self.value

    def __str__(self) -> str:
        return "**********"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting; docs/configuration.md and .env.example describe them."""

    host: str
    port: int
    public_url: str
    data_dir: Path
    redis_url: RedisAddress | None
    blobs: Place
    secret_key: bytes | None = field(repr=False)
    telegram_bot_token: Hidden | None
    telegram_api_url: str
    telegram_local_files: Path | None
    telegram_webhook_url: str | None
    telegram_webhook_port: int
    discord_bot_token: Hidden | None
    discord_shard: Shard | None
    web_upload: bool
    admin_user: str
    admin_password_hash: str | None = field(repr=False)
    policy: Policy
    allowance: Allowance
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    metrics_host: str
    metrics_port: int | None
    log_format: str | None
    stop: Stop
    doubts: tuple[str, ...] = ()  # names in the environment, which is others' too

    @classmethod
    def read(cls, dotenv: Path = Path(".env")) -> Settings:
        """Read the environment, and `dotenv` for what the environment does not say.

        Raises:
            CannotStart: naming every setting that can't be used, and why.
        """
        written = dotenv_values(dotenv)
        return cls.parse({**written, **os.environ}, written=written)

    @classmethod
    def parse(cls, given: Mapping[str, str | None], *, written: Iterable[str] = ()) -> Settings:
        """Make settings of named texts; a missing or empty one takes its default.

        Args:
            given: texts by name; what isn't a setting is somebody else's.
            written: names that are refused if they look like a setting's with a slip of the pen.

        Raises:
            CannotStart: naming every setting that can't be used, and why.
        """
        form = Form(given)
        host, port = form.get("HOST", str, "127.0.0.1"), form.get("PORT", _port, 8080)
        data_dir = form.get("DATA_DIR", Path, Path("data")).absolute()
        api_url = form.get("TELEGRAM_API_URL", _url, TELEGRAM)
        proxies: tuple[IPv4Network | IPv6Network, ...] = ()
        proxies = form.get("TRUSTED_PROXIES", _networks, proxies)
        blobs = _blobs(form, data_dir)
        settings = cls(
            host=host,
            port=port,
            public_url=form.get("PUBLIC_URL", _public_url, f"http://localhost:{port}"),
            data_dir=data_dir,
            redis_url=form.get("REDIS_URL", RedisAddress.parse, None),
            blobs=blobs,
            secret_key=form.get("SECRET_KEY", parse_secret_key, None),
            telegram_bot_token=form.get("TELEGRAM_BOT_TOKEN", Hidden, None),
            telegram_api_url=api_url,
            telegram_local_files=_local_files(form, api_url),
            telegram_webhook_url=form.get(
                "TELEGRAM_WEBHOOK_URL", _https if api_url == TELEGRAM else _url, None
            ),
            telegram_webhook_port=form.get("TELEGRAM_WEBHOOK_PORT", _port, 8090),
            discord_bot_token=form.get("DISCORD_BOT_TOKEN", Hidden, None),
            discord_shard=Shard.read(form),
            web_upload=form.get("WEB_UPLOAD", _switch, default=True),
            admin_user=form.get("ADMIN_USER", str, "admin"),
            admin_password_hash=form.get("ADMIN_PASSWORD_HASH", parse_hash, None),
            policy=_policy(form, blobs),
            allowance=Allowance.read(form, spare=blobs.spare),
            trusted_proxies=proxies,
            metrics_host=form.get("METRICS_HOST", str, "127.0.0.1"),
            metrics_port=form.get("METRICS_PORT", _port, None),
            log_format=form.get("LOG_FORMAT", _log_format, None),
            stop=Stop.read(form, proxy=bool(proxies)),
        )
        form.doubt(written)
        form.finish()
        return replace(settings, doubts=tuple(form.slips(set(given) - set(written))))


def _policy(form: Form, blobs: Place) -> Policy:
    longest = form.get("MAX_LIFETIME", parse_duration, parse_duration("7d"))
    default = form.get("DEFAULT_LIFETIME", parse_duration, min(parse_duration("5h"), longest))
    if not SHORTEST_LIFETIME <= default <= longest:
        form.wrong.append("DEFAULT_LIFETIME: must be at least 1 minute and at most MAX_LIFETIME")
    return Policy(
        max_size=form.get("MAX_FILE_SIZE", blobs.parse_largest, blobs.largest),
        default_lifetime=default,
        max_lifetime=longest,
        allowed=form.get("ALLOWED_EXTENSIONS", _extensions, ()),
    )


def _blobs(form: Form, data_dir: Path) -> Place:
    keys = {
        "access_key_id": form.get("AWS_ACCESS_KEY_ID", str, ""),
        "secret_access_key": form.get("AWS_SECRET_ACCESS_KEY", str, ""),
        "session_token": form.get("AWS_SESSION_TOKEN", str, ""),
    }
    url = form.get("BLOBS_URL", parse_place_url, (data_dir / "blobs").as_uri())
    place = Place(url, {name: value for name, value in keys.items() if value})
    if place.shared and not form.get("SECRET_KEY", str, ""):
        form.wrong.append("SECRET_KEY: without a folder that all share, all need the same; set it")
    if place.in_redis and not form.get("REDIS_URL", str, ""):
        form.wrong.append("BLOBS_URL: redis: needs REDIS_URL; without one, take a folder")
    if bool(keys["access_key_id"]) != bool(keys["secret_access_key"]):
        form.wrong.append("AWS_SECRET_ACCESS_KEY: it and AWS_ACCESS_KEY_ID belong together")
    return place


def _local_files(form: Form, api_url: str) -> Path | None:
    folder = form.get("TELEGRAM_LOCAL_FILES", _folder, None)
    if folder is not None and api_url == TELEGRAM:
        needed = "TELEGRAM_API_URL must name a Bot API server of your own"
        form.wrong.append(f"TELEGRAM_LOCAL_FILES: {needed}")
    return folder


def parse_secret_key(text: str) -> bytes:
    """Read 32 bytes of base64, url-safe or not, padded or not.

    Raises:
        ValueError: with a sentence that says how to make one.
    """
    try:
        plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != SECRET_KEY_SIZE:
        raise ValueError("write 32 random bytes in base64, from: openssl rand -base64 32")
    return raw


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 2**16:
        raise ValueError("write a number from 1 to 65535")
    return int(text)


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("write networks such as 10.0.0.0/8, 2001:db8::/64, with commas") from None


def _log_format(text: str) -> str:
    if text not in {"json", "text"}:
        raise ValueError("write json or text")
    return text


def _switch(text: str) -> bool:
    if text.lower() not in SWITCH:
        raise ValueError("write on or off")
    return SWITCH[text.lower()]


def _extensions(text: str) -> tuple[str, ...]:
    return tuple(sorted({e.strip().lower().lstrip(".") for e in text.split(",")} - {""}))


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("write an address that begins with https://")
    return text.rstrip("/")


def _folder(text: str) -> Path:
    if not Path(text).is_absolute():
        raise ValueError("write a folder as /absolute/path")
    return Path(text)


def _https(text: str) -> str:
    url = _url(text)
    if not url.startswith("https://"):
        raise ValueError("Telegram calls https:// only; a Bot API server of your own calls http://")
    return url


def _public_url(text: str) -> str:
    url = _url(text)
    if not url.startswith("https://") and urlsplit(url).hostname not in LOOPBACK:
        raise ValueError("links must begin with https:// (http:// is for this machine only)")
    return url
