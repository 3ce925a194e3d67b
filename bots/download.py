"""Files on a platform's servers, streamed, from no other host, with limits on size and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from core.errors import SourceFailed, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

PIECE = 64 * 1024
# A whole file may take long; silence may not.
TIMEOUT = aiohttp.ClientTimeout(total=3600, sock_connect=20, sock_read=60)


class TooLargeHere(TooLarge):
    """The platform does not hand files of more than `limit` bytes to bots, whatever we allow."""


async def download(
    session: aiohttp.ClientSession, url: str, *, origins: Collection[str], size: int | None = None
) -> AsyncIterator[bytes]:
    """Stream a file in pieces of at most 64 KiB. Redirects are not followed.

    Args:
        session: the door's own session.
        url: may hold a token, so it is never logged and never part of an error.
        origins: where the platform keeps its files, such as `https://cdn.discordapp.com`.
        size: what the platform declared, in bytes; an answer that ends elsewhere broke off.

    Raises:
        SourceFailed: foreign address, refusal, silence, or an end before the announced length.
    """
    target = URL(url)
    if not target.absolute or str(target.origin()) not in origins:
        raise SourceFailed
    got = 0
    try:
        async with session.get(target, timeout=TIMEOUT, allow_redirects=False) as answer:
            if answer.status != 200:  # noqa: PLR2004 - HTTP's OK
                raise SourceFailed
            async for piece in answer.content.iter_chunked(PIECE):
                got += len(piece)
                yield piece
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise SourceFailed from None  # the cause would print the address
    if size is not None and got != size:
        raise SourceFailed
