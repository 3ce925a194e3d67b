"""What the user of REDIS_URL must be allowed to do; whether they are is found out by doing it.

Redis tells nobody but its administrators what others may. So each command is sent once, on a key
that lives a second and is of a kind that most of them can't touch: being refused for that, or for
a group or a script that is not there, is being allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.exceptions import NoPermissionError, RedisError

from core.errors import CannotStart

if TYPE_CHECKING:
    from redis.asyncio import Redis

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
COMMANDS = tuple(line.split()[0] for line in HARMLESS.strip().splitlines())


def rule(password: str) -> str:
    """Write the order that makes a user who may do all of this and nothing else."""
    allowed = " ".join(f"+{name}" for name in COMMANDS)
    return f"ACL SETUSER onetimeshare on >{password} ~{KEYS} {allowed}"


async def check_rights(redis: Redis) -> None:
    """Do everything once, in one round trip.

    Raises:
        CannotStart: naming what is not allowed.
    """
    try:
        answers = await _tried(redis)
    except RedisError as error:
        raise CannotStart(f"Redis does not take what a start writes: {error}") from None
    refused = {
        name: str(answer)
        for name, answer in zip(COMMANDS, answers, strict=True)
        if isinstance(answer, NoPermissionError)
    }
    if any("access" in told for told in refused.values()):
        raise CannotStart(f"The user of REDIS_URL may not touch all keys {KEYS}: see docs/redis.md")
    if refused:
        raise CannotStart(
            f"The user of REDIS_URL may not do {', '.join(refused)}: see docs/redis.md"
        )


async def _tried(redis: Redis) -> list[Any]:
    async with redis.pipeline(transaction=False) as pipe:
        for line in HARMLESS.strip().splitlines():
            name, *arguments = line.split()
            named = (PROBE if argument == "KEY" else argument for argument in arguments)
            pipe.execute_command(*name.split("|"), *named)
        return await pipe.execute(raise_on_error=False)
