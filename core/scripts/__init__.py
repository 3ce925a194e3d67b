"""The Lua scripts: every change to a record or a mark is one of them, one atomic step in Redis."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from redis.exceptions import NoScriptError, RedisError

from core.errors import Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

Argument: TypeAlias = bytes | str | int
Call: TypeAlias = tuple[Argument, ...]  # a script's or a command's name, its key, its arguments

ON_RECORDS = (
    *("create", "peek", "attempt", "resolve", "claim", "unclaim", "check", "release", "touch"),
    *("progress", "done", "inspect", "revoke", "unlock", "reschedule", "material", "rewrap"),
    *("forestall", "settle", "lose", "published"),
)
ON_MARKS = ("begin", "keep")


def source(name: str) -> str:
    """Put a script together: one on records gets the prelude, and tells of its outbox."""
    here = files(__name__)
    text = here.joinpath(f"{name}.lua").read_text()
    if name in ON_MARKS:
        return text
    prelude = here.joinpath("record.lua").read_text()
    return f"{prelude}\nlocal function step()\n{text}\nend\nreturn {{step(), waiting()}}"


class Scripts:
    """Calls scripts by name. Each is safe to run twice: a lost reply may be asked for again."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts = {
            name: redis.register_script(source(name)) for name in (*ON_RECORDS, *ON_MARKS)
        }

    async def __call__(self, name: str, key: str, *arguments: Argument) -> Any:  # noqa: ANN401 - as the script's header says
        """Run a script on one key.

        Raises:
            Unavailable: when Redis does not answer; the step may or may not have happened.
        """
        try:
            return await self._scripts[name](keys=[key], args=arguments)
        except RedisError as error:
            raise Unavailable from error

    async def together(self, *calls: Call) -> list[Any]:
        """Run scripts and commands in one round trip, in their order, not as one step.

        Raises:
            Unavailable: when Redis does not answer; any of them may have happened.
        """
        try:
            try:
                return await self._send(calls)
            except NoScriptError:  # a server that just started
                for name in {call[0] for call in calls} & self._scripts.keys():
                    await self._redis.script_load(self._scripts[str(name)].script)
                return await self._send(calls)
        except RedisError as error:
            raise Unavailable from error

    async def _send(self, calls: tuple[Call, ...]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for name, key, *arguments in calls:
                script = self._scripts.get(str(name))
                if script is None:
                    pipe.execute_command(name, key, *arguments)
                else:
                    pipe.evalsha(script.sha, 1, key, *arguments)
            return await pipe.execute()
