"""What the user of REDIS_URL must be allowed to do; whether they are is found out by doing it.

Redis tells nobody but its administrators what others may. So each command is sent once, on a key
that lives a second and is of a kind that most of them can't touch: being refused for that, or for
a group or a script that is not there, is being allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.exceptions import NoPermissionError, RedisError

from core.errors import CannotStart
from core.redis_cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.redis_cluster import AnyRedis
    from core.redis_pipe import Command

PROBE = "ots:rights"
KEYS = "ots:*"
HARMLESS = """
ping
info server
script|load return
wait 0 0
time
set KEY 1 px 1000
eval return 1 KEY
evalsha 0000000000000000000000000000000000000000 1 KEY
get KEY
exists KEY
pttl KEY
pexpire KEY 1000
pexpireat KEY 0 nx
persist KEY
expire KEY 1
hdel KEY a
hexists KEY a
hget KEY a
hgetall KEY
hincrby KEY a 1
hkeys KEY
hlen KEY
hmget KEY a
hset KEY a 1
hvals KEY
lindex KEY 0
lpush KEY 1
ltrim KEY 0 0
xack KEY a 0-1
xadd KEY * a 1
xautoclaim KEY a a 0 0
xdel KEY 0-1
xgroup|create KEY a 0
xinfo|groups KEY
xlen KEY
xrange KEY - +
xreadgroup group a a streams KEY >
xtrim KEY maxlen 0
zadd KEY 1 a
zcard KEY
zrandmember KEY 1
zrange KEY 0 0
zrem KEY a
zremrangebyscore KEY 0 0
zrevrange KEY 0 0
unlink KEY
del KEY
"""
IN_A_CLUSTER = """
cluster|slots
command
asking
"""
LINES, MORE_LINES = HARMLESS.strip().splitlines(), IN_A_CLUSTER.strip().splitlines()
COMMANDS = tuple(line.split()[0] for line in LINES)


def rule(password: str, *, cluster: bool = False) -> str:
    """Write the order that makes a user who may do all of this and nothing else."""
    allowed = " ".join(f"+{name}" for name in (*COMMANDS, *MORE_LINES * cluster))
    return f"ACL SETUSER onetimeshare on >{password} ~{KEYS} {allowed}"


async def check_rights(redis: AnyRedis) -> None:
    """Do everything once, in one round trip.

    Raises:
        CannotStart: naming what is not allowed.
    """
    lines = LINES + MORE_LINES * isinstance(redis, Cluster)
    try:
        answers = await _tried(redis, lines)
    except RedisError as error:
        raise CannotStart(f"Redis does not take what a start writes: {error}") from None
    refused = {
        line.split()[0]: str(answer)
        for line, answer in zip(lines, answers, strict=True)
        if isinstance(answer, NoPermissionError)
    }
    if any("access" in told for told in refused.values()):
        raise CannotStart(f"The user of REDIS_URL may not touch all keys {KEYS}: see docs/redis.md")
    if refused:
        raise CannotStart(
            f"The user of REDIS_URL may not do {', '.join(refused)}: see docs/redis.md"
        )


async def _tried(redis: AnyRedis, lines: Sequence[str]) -> list[Any]:
    """Ask one server; those of a cluster must all have the same users."""
    commands: list[Command] = []
    for line in lines:
        name, *arguments = line.split()
        named = (PROBE if argument == "KEY" else argument for argument in arguments)
        commands.append((*name.split("|"), *named))
    if isinstance(redis, Cluster):
        return await redis.at(PROBE, commands)
    async with redis.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        return await pipe.execute(raise_on_error=False)
