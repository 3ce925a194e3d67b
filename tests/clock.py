"""A clock for scripts, set by the test, put into a shipped script."""

from __future__ import annotations

_SHIM = """
local redis = setmetatable({{call = function(command, ...)
  if command ~= 'TIME' then return redis.call(command, ...) end
  local clock = {clock}
  return {{math.floor(clock / 1000), clock % 1000 * 1000}}
end}}, {{__index = redis}})
"""


def standing_still(moment: int, script: str) -> str:
    """Let Redis' time be this moment (ms)."""
    return _put_into(script, f"{moment}")


def kept_in(key: str, script: str) -> str:
    """Let Redis' time be what a key says (ms)."""
    return _put_into(script, f"tonumber(redis.call('GET', '{key}'))")


def _put_into(script: str, clock: str) -> str:
    """Put it before the first statement."""
    return _SHIM.format(clock=clock) + script
