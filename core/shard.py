"""Which part of Discord's servers a process answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.form import Form

MOST = 1000  # shards: enough for two million servers


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count`, numbered from 0: Discord tells it of the servers that fall to it.

    Shard 0 also hears whatever happens outside of servers.
    (https://docs.discord.com/developers/events/gateway#sharding)
    """

    number: int
    count: int

    @classmethod
    def read(cls, form: Form) -> Shard | None:
        """Read a form; None where one process answers all servers."""
        faults = len(form.wrong)
        count = form.get("DISCORD_SHARD_COUNT", partial(_whole, least=1), None)
        number = form.get("DISCORD_SHARD_ID", partial(_whole, least=0), None)
        if len(form.wrong) > faults:
            return None
        if (count is None) != (number is None):
            form.wrong.append("DISCORD_SHARD_ID: it and DISCORD_SHARD_COUNT belong together")
        if count is None or number is None:
            return None
        if number >= count:
            form.wrong.append(
                f"DISCORD_SHARD_ID: {count} shards are numbered from 0 to {count - 1}"
            )
        return cls(number, count)

    @property
    def first(self) -> bool:
        """Whether it does what only one of all may do."""
        return self.number == 0

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def _whole(text: str, *, least: int) -> int:
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= MOST:
        raise ValueError(f"write a number from {least} to {MOST}")
    return int(text)
