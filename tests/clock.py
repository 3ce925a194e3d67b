"""A clock for scripts, set by the test: text that goes before a shipped script."""

from __future__ import annotations

_SHIM = """
local redis = setmetatable({{call = function(command, ...)
  if command ~= 'TIME' then return redis.call(command, ...) end
  local clock = {clock}
  return {{math.floor(clock / 1000), clock % 1000 * 1000}}
end}}, {{__index = redis}})
"""


def standing_still(moment: int) -> str:
    """Let Redis' time be this moment (ms)."""
    return _SHIM.format(clock=moment)


def kept_in(key: str) -> str:
    """Let Redis' time be what a key says (ms)."""
    return _SHIM.format(clock=f"tonumber(redis.call('GET', '{key}'))")
