"""Files that people send in Telegram, streamed from the platform or from its own server here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.error import BadRequest, TelegramError
from yarl import URL

from bots import telegram_local
from bots.download import TooLargeHere, download
from bots.telegram_calls import insist
from core.errors import SourceFailed
from core.settings import TELEGRAM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import aiohttp
    from telegram import Bot

CLOUD_LIMIT = 20_000_000  # bytes that the cloud's getFile hands to bots
PATIENCE = 20.0  # seconds that the cloud has to name a file
LOCAL_PATIENCE = 3600.0  # seconds; a server of one's own names it once it has all of it


class Files:
    """Finds files by their id and streams them, from the API's own host or folder only."""

    def __init__(
        self, session: aiohttp.ClientSession, api_url: str, folder: Path | None = None
    ) -> None:
        """Take where the API is, and in which `folder` it keeps its files, where that is here."""
        self._session = session
        self._folder = folder
        self._origins = {str(URL(api_url).origin())}
        self.limit = CLOUD_LIMIT if api_url == TELEGRAM else None

    async def stream(self, bot: Bot, file_id: str) -> AsyncIterator[bytes]:
        """Stream a file in pieces of at most 256 KiB.

        Raises:
            TooLargeHere: the platform keeps a file of this size from bots.
            SourceFailed: it could not be had, or broke off.
        """
        try:
            patience = PATIENCE if self._folder is None else LOCAL_PATIENCE
            found = await insist(lambda: bot.get_file(file_id, read_timeout=patience))
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise TooLargeHere(CLOUD_LIMIT) from None
            raise SourceFailed from None
        except TelegramError:
            raise SourceFailed from None
        path = found.file_path or ""
        if self._folder is not None:
            pieces = telegram_local.stream(path, self._folder, found.file_size)
        else:
            pieces = download(self._session, path, origins=self._origins, size=found.file_size)
        async for piece in pieces:
            yield piece
