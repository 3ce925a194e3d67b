"""Where the blobs lie: a folder of this machine's, or a bucket of an object store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKET = "s3"
TOLD = {"endpoint", "region"}  # after the bucket's name


@dataclass(frozen=True, slots=True)
class Place:
    """An address, and what opens it: AWS' names in lower case, without `aws_`."""

    url: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path:
        """The folder."""
        return Path(unquote(urlsplit(self.url).path))

    @property
    def bucket(self) -> str:
        """The bucket's name, where it is one."""
        parts = urlsplit(self.url)
        return parts.netloc if parts.scheme == BUCKET else ""

    @property
    def prefix(self) -> str:
        """What the names of all objects begin with, without slashes around it."""
        return unquote(urlsplit(self.url).path).strip("/")

    @property
    def told(self) -> dict[str, str]:
        """The bucket's `endpoint` and `region`, where the address tells them."""
        told = parse_qsl(urlsplit(self.url).query)
        return {name: value.rstrip("/") for name, value in told}


def parse_place_url(text: str) -> str:
    """Check an address.

    Raises:
        ValueError: with a sentence that says how to write one.
    """
    parts = urlsplit(text)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return text
    if parts.scheme.startswith("redis"):
        raise ValueError("a Redis that falls back would open a secret twice: take file:// or s3://")
    if parts.scheme != BUCKET:
        raise ValueError("write a folder as file:///absolute/path, or a bucket as s3://bucket")
    if "@" in parts.netloc or ":" in parts.netloc or not parts.netloc:
        raise ValueError("write s3://bucket/prefix; AWS_ACCESS_KEY_ID and the like open it")
    told = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not told.keys() <= TOLD or parts.fragment:
        raise ValueError("after s3://bucket/prefix write ?endpoint=https://…&region=… only")
    if urlsplit(told.get("endpoint", "https://")).scheme not in {"http", "https"}:
        raise ValueError("the endpoint must begin with https:// (http:// is for your own network)")
    return text
