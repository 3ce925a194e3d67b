"""Files that people send in Telegram, streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.error import BadRequest, TelegramError
from yarl import URL

from bots.download import TooLargeHere, download
from bots.telegram_calls import insist
from core.errors import SourceFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiohttp
    from telegram import Bot

CLOUD = "https://api.telegram.org"
CLOUD_LIMIT = 20_000_000  # bytes that the cloud's getFile hands to bots


class Files:
    """Finds files by their id and streams them, from the API's own host only."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str) -> None:
        self._session = session
        self._origins = {str(URL(api_url).origin())}
        self.limit = CLOUD_LIMIT if api_url == CLOUD else None

    async def stream(self, bot: Bot, file_id: str) -> AsyncIterator[bytes]:
        """Stream a file in pieces of at most 64 KiB.

        Raises:
            TooLargeHere: the platform keeps a file of this size from bots.
            SourceFailed: it could not be had, or broke off.
        """
        try:
            found = await insist(lambda: bot.get_file(file_id))
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise TooLargeHere(CLOUD_LIMIT) from None
            raise SourceFailed from None
        except TelegramError:
            raise SourceFailed from None
        pieces = download(
            self._session, found.file_path or "", origins=self._origins, size=found.file_size
        )
        async for piece in pieces:
            yield piece
