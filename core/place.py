"""Where the blobs lie: a folder of this machine's, a bucket of an object store, or Redis."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from core.quantities import parse_size

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKET = "s3"
IN_REDIS = "redis:"  # the one of REDIS_URL: a second one would need all that the first one has
TOLD = {"endpoint", "region"}  # after the bucket's name
LARGEST, SPARE = "100MB", "1GB"
# A blob in Redis is in memory for its whole life, and again in each log that is written anew and
# in each replica.
LARGEST_IN_REDIS = "16MB"
SPARE_IN_REDIS = "32MB"  # for records and latches, which must always fit


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
    def in_redis(self) -> bool:
        """Whether they lie in the Redis that has the records."""
        return self.url == IN_REDIS

    @property
    def shared(self) -> bool:
        """Whether processes share it that share no folder."""
        return bool(self.bucket) or self.in_redis

    @property
    def largest(self) -> int:
        """The largest file (bytes), unless the operator says otherwise."""
        return parse_size(LARGEST_IN_REDIS if self.in_redis else LARGEST)

    @property
    def spare(self) -> int:
        """What stays free there (bytes), unless the operator says otherwise."""
        return parse_size(SPARE_IN_REDIS if self.in_redis else SPARE)

    def parse_largest(self, text: str) -> int:
        """Read how large a file may be.

        Raises:
            ValueError: with a sentence that says how to write it, or how large it may be here.
        """
        size = parse_size(text)
        if self.in_redis and size > self.largest:
            raise ValueError(
                f"with BLOBS_URL=redis: at most {LARGEST_IN_REDIS}, as files are held in memory; "
                "a folder or a bucket takes larger ones"
            )
        return size

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
    if text == IN_REDIS:
        return text
    if parts.scheme.startswith("redis"):
        raise ValueError("write redis: alone: blobs lie in the Redis that REDIS_URL names")
    if parts.scheme != BUCKET:
        raise ValueError("write file:///absolute/path, s3://bucket, or redis: (docs/storage.md)")
    if "@" in parts.netloc or ":" in parts.netloc or not parts.netloc:
        raise ValueError("write s3://bucket/prefix; AWS_ACCESS_KEY_ID and the like open it")
    told = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not told.keys() <= TOLD or parts.fragment:
        raise ValueError("after s3://bucket/prefix write ?endpoint=https://…&region=… only")
    if urlsplit(told.get("endpoint", "https://")).scheme not in {"http", "https"}:
        raise ValueError("the endpoint must begin with https:// (http:// is for your own network)")
    return text
