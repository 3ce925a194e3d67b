"""A bucket of an object store that speaks S3: every wait has a limit, every refusal a name.

Its objects are whole or not there, and durable when a put returns; a reader sees at once what was
put and deleted (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel).
"""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn, cast

import obstore
import structlog
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from core.errors import Corrupt, StorageFull, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Sequence

    from obstore import ObjectMeta, PutMode, PutResult
    from obstore.store import S3Config

    from core.place import Place

log = structlog.get_logger()

CONNECT = timedelta(seconds=5)
REQUEST = timedelta(seconds=30)  # of one request with its body: a part, or a range
RETRYING = timedelta(seconds=5)  # in which a refused or broken request is repeated
RETRIES = 3
PATIENCE = 15.0  # seconds for what is small: a latch, a look, a range of bytes
LISTED = 1000  # objects in one answer; S3 gives no more

FAILURES = (BaseError, OSError, ValueError)  # of obstore; a time limit is an OSError too
# What stores call it when a disk, an account or a quota has no room.
FULL = re.compile(r"QuotaExceeded|StorageFull|InsufficientStorage|status code: 507")
# How obstore's texts say what went wrong, the most telling first.
_WHYS = tuple(
    re.compile(why)
    for why in (
        r"<Code>(\w{1,64})</Code>",
        r"(invalid peer certificate: \w+)",
        r"(Connection refused|dns error)",
        r"(status code: \d{3})",
        r"kind: (Timeout|Connect)",
    )
)
_ROLE = "http://169.254.169.254/"  # where a machine of AWS is asked for the keys of its role
_FROM_ENVIRONMENT = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class Bucket:
    """The objects below one prefix of a bucket; names are relative to it."""

    def __init__(self, place: Place) -> None:
        """Without credentials obstore asks the usual places: the environment, the machine."""
        _forget_empty_keys()
        told = place.told
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=cast(
                "S3Config",  # not every store can delete in bulk
                {**told, **place.credentials, "disable_bulk_delete": "true"},
            ),
            client_options={
                "allow_http": told.get("endpoint", "").startswith("http://"),
                "connect_timeout": CONNECT,
                "timeout": REQUEST,
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRYING},
        )

    def put(
        self, name: str, content: bytes | AsyncIterable[bytes], part: int
    ) -> Awaitable[PutResult]:
        """Put an object of known bytes at once, and a stream in parts of `part` bytes.

        A stream that raises takes back the parts that it had; what is cancelled leaves them there.
        """
        streamed = not isinstance(content, bytes)
        return obstore.put_async(
            self._store,
            name,
            content,
            mode="overwrite",
            use_multipart=streamed,
            chunk_size=part,
            max_concurrency=1,
        )

    async def write(self, name: str, text: str, mode: PutMode = "overwrite") -> bool:
        """Put a small text; in the mode "create" answer False where there is one already."""
        async with answering(found=False):
            try:
                await obstore.put_async(self._store, name, text.encode(), mode=mode)
            except AlreadyExistsError:
                if mode != "create":
                    raise
                return False
        return True

    async def take(self, name: str, wanted: str) -> str:
        """Put a small text unless there is one; tell which one is there now."""
        for _ in range(RETRIES):
            if await self.write(name, wanted, "create"):
                return wanted
            # Ours perhaps: the reply to an earlier try was lost.
            if (held := await self.text(name)) is not None:
                return held
        raise Unavailable  # another try was under way, and came to nothing

    async def text(self, name: str) -> str | None:
        """Read a small text."""
        try:
            async with answering():
                got = await obstore.get_async(self._store, name)
                return bytes(await got.bytes_async()).decode()
        except Corrupt:
            return None

    async def begin(self, name: str, length: int) -> tuple[int, bytes]:
        """Read an object's size, and up to `length` of its first bytes, in one go."""
        async with answering():
            got = await obstore.get_async(self._store, name, options={"range": (0, length)})
            return got.meta["size"], bytes(await got.bytes_async())

    async def read(self, name: str, offset: int, length: int) -> bytes:
        """Read a part of an object."""
        async with answering():
            return bytes(
                await obstore.get_range_async(self._store, name, start=offset, length=length)
            )

    async def has(self, name: str) -> bool:
        """Tell whether there is an object of this name."""
        try:
            async with answering():
                await obstore.head_async(self._store, name)
        except Corrupt:
            return False
        return True

    async def delete(self, *names: str) -> None:
        """Delete objects; those that are not there are no matter."""
        try:
            async with answering():
                await obstore.delete_async(self._store, names)
        except Corrupt:
            return

    async def folders(self) -> Sequence[str]:
        """Name what stands before the first slash."""
        async with answering(found=False):
            listed = await obstore.list_with_delimiter_async(self._store)
        return listed["common_prefixes"]

    async def objects(self, folder: str | None = None) -> AsyncIterator[Sequence[ObjectMeta]]:
        """List objects, many in one go."""
        pages = obstore.list(self._store, folder, chunk_size=LISTED)
        while True:
            async with answering(found=False):
                page = await anext(pages, None)
            if page is None:
                return
            yield page


@asynccontextmanager
async def answering(
    *, found: bool = True, patience: float | None = PATIENCE
) -> AsyncIterator[None]:
    """Wait for an answer of the store, for at most so many seconds.

    Raises:
        Corrupt: what was looked for is not there (with `found`).
        StorageFull, Unavailable: see `refuse`.
    """
    try:
        async with asyncio.timeout(patience):
            yield
    except FileNotFoundError as error:
        if found:
            raise Corrupt from None
        refuse(error)
    except FAILURES as error:
        refuse(error)


class Refusal(Exception):
    """Says why, and nothing of what it was about: an error's text holds the names of objects."""


def refuse(error: Exception) -> NoReturn:
    """Name what a refusal means.

    Raises:
        StorageFull: the store, the account or its quota has no room.
        Unavailable: anything else. The cause of both is a `Refusal`, fit for logs.
    """
    why = reason(error)
    log.warning("the object store refused", why=why)
    failure = StorageFull() if FULL.search(str(error)) else Unavailable()
    raise failure from Refusal(why)


def reason(error: Exception) -> str:
    """Tell the store's code for it, or what stands between."""
    said = str(error)
    if _ROLE in said:
        return "no keys are set, and this machine has no role"
    found = next(filter(None, (why.search(said) for why in _WHYS)), None)
    return found[1] if found else type(error).__name__


def _forget_empty_keys() -> None:
    """Compose files pass what is not set as an empty text, which obstore would sign with."""
    for name in _FROM_ENVIRONMENT:
        if os.environ.get(name) == "":
            del os.environ[name]
