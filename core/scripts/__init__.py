"""The Lua scripts: every change to a record or a mark is one of them, one atomic step in Redis."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from core.errors import Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

_ON_RECORDS = (
    *("create", "peek", "attempt", "resolve", "claim", "release", "touch", "progress"),
    *("done", "inspect", "revoke", "unlock", "forestall", "settle"),
)
_ON_MARKS = ("begin", "keep")


class Scripts:
    """Calls scripts by name. Each is safe to run twice: a lost reply may be asked for again."""

    def __init__(self, redis: Redis) -> None:
        here = files(__name__)
        shared = here.joinpath("record.lua").read_text()
        sources = {name: here.joinpath(f"{name}.lua").read_text() for name in _ON_MARKS}
        for name in _ON_RECORDS:
            sources[name] = f"{shared}\n{here.joinpath(f'{name}.lua').read_text()}"
        self._scripts = {name: redis.register_script(source) for name, source in sources.items()}

    async def __call__(self, name: str, key: str, *arguments: bytes | str | int) -> Any:  # noqa: ANN401 - as the script's header says
        """Run a script on one key.

        Raises:
            Unavailable: when Redis does not answer; the step may or may not have happened.
        """
        try:
            return await self._scripts[name](keys=[key], args=arguments)
        except RedisError as error:
            raise Unavailable from error
