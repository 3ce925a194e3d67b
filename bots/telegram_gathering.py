"""What arrives in several messages and is one thing: an album, or a paste that Telegram cut.

Telegram does not say where such a thing ends, so it is complete when nothing more came for a
moment. Each message's handler stays until the whole is shared, so that none of its updates counts
as handled before.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from bots.telegram_message import units

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from telegram import Message

QUIET = 1.0  # seconds without another message after which a whole is complete
ALBUM = 10  # messages that an album has at most
PASTE = 32  # messages that are taken for one paste
LONG = 4000  # UTF-16 units; Telegram cuts at 4096, or a little before at white space


class Whole:
    """One album or paste, while it comes in."""

    def __init__(self) -> None:
        self.shared: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._messages: dict[int, Message] = {}
        self._came = asyncio.Event()

    @property
    def messages(self) -> list[Message]:
        """What came, in the order of the chat; a message that was told twice is one."""
        return [self._messages[number] for number in sorted(self._messages)]

    def add(self, message: Message) -> None:
        """Take a message in."""
        self._messages[message.message_id] = message
        self._came.set()

    async def complete(self) -> None:
        """Wait until nothing more can be expected."""
        with suppress(TimeoutError):
            while self._goes_on():
                self._came.clear()
                async with asyncio.timeout(QUIET):
                    await self._came.wait()

    def _goes_on(self) -> bool:
        last = self.messages[-1]
        if last.media_group_id is not None:
            return len(self._messages) < ALBUM
        return len(self._messages) < PASTE and units(last.text or "") >= LONG


class Gathering:
    """Puts messages together, and has each whole shared once."""

    def __init__(self, share: Callable[[Sequence[Message]], Awaitable[None]]) -> None:
        self._share = share
        self._open: dict[str, Whole] = {}

    async def take(self, message: Message) -> None:
        """Share a message, alone or with what belongs to it; return when that is done."""
        name = self._name(message)
        if name is None:
            await self._share([message])
        elif (whole := self._open.get(name)) is not None:
            whole.add(message)
            await asyncio.shield(whole.shared)  # cancelled when the sharing was: told again then
        else:
            await self._lead(name, message)

    async def _lead(self, name: str, message: Message) -> None:
        whole = self._open[name] = Whole()
        whole.add(message)
        try:
            try:
                await whole.complete()
            finally:
                del self._open[name]
            await self._share(whole.messages)
        except asyncio.CancelledError:
            whole.shared.cancel()
            raise
        finally:
            if not whole.shared.done():
                whole.shared.set_result(None)

    def _name(self, message: Message) -> str | None:
        if message.media_group_id is not None:
            return f"{message.chat.id}/album/{message.media_group_id}"
        paste = f"{message.chat.id}/paste"
        if message.text and (paste in self._open or units(message.text) >= LONG):
            return paste
        return None
