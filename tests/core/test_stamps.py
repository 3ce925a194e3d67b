"""What a start compares with what it finds in Redis, and what it refuses to work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from core import stamps
from core.bootstrap import open_vault
from core.errors import CannotStart
from core.redis_connection import judge
from core.settings import Settings
from tests.embedded import url_of

if TYPE_CHECKING:
    from pathlib import Path

    from core.bootstrap import House

OTHER_KEY = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItMTI="


class Telling:
    """A Redis that tells this of itself."""

    def __init__(self, **told: Any) -> None:
        self._told = told

    async def execute_command(self, name: str, *_: str) -> dict[str, Any]:
        return self._told if name == "INFO" else {}


async def refusal(house: House, folder: Path, **given: str) -> str:
    """Start another process on the Redis of a house."""
    url = url_of(house)
    with pytest.raises(CannotStart) as refused:
        async with open_vault(Settings.parse({"DATA_DIR": str(folder), "REDIS_URL": url, **given})):
            pass
    return refused.value.reason


async def test_data_of_a_newer_version_is_left_alone(house: House, tmp_path: Path) -> None:
    """A start on a Redis that a newer format was written to says which version to start."""
    assert await house.redis.get(stamps.FORMAT) == str(stamps.WRITTEN).encode()
    for found in (str(stamps.WRITTEN + 1), "3.1"):
        await house.redis.set(stamps.FORMAT, found)
        reason = await refusal(house, tmp_path / "data")
        assert "newer version" in reason
        assert await house.redis.get(stamps.FORMAT) == found.encode()


async def test_data_of_an_older_version_is_taken_over(house: House, settings: Settings) -> None:
    """A start on data without a stamp, or with an older one, stamps it."""
    url = url_of(house)
    again = Settings.parse({"DATA_DIR": str(settings.data_dir), "REDIS_URL": url})
    for found in (None, "0"):
        await house.redis.delete(stamps.FORMAT)
        if found is not None:
            await house.redis.set(stamps.FORMAT, found)
        async with open_vault(again):
            assert await house.redis.get(stamps.FORMAT) == str(stamps.WRITTEN).encode()


async def test_other_key_is_refused(house: House, tmp_path: Path) -> None:
    """A SECRET_KEY that the data was not made with stops the start; no key is shown."""
    reason = await refusal(house, tmp_path / "data", SECRET_KEY=OTHER_KEY)
    assert "bring the old key back" in reason
    assert OTHER_KEY not in reason


async def test_redis_that_takes_nothing_is_told(house: House, tmp_path: Path) -> None:
    """A first start on a replica says what Redis said, not a traceback."""
    await house.redis.delete(stamps.FORMAT)
    await house.redis.config_set("min-replicas-to-write", 1)
    assert "does not take what a start writes" in await refusal(house, tmp_path / "data")


async def test_redis_without_our_scripts_language_is_refused() -> None:
    """A Redis older than 7 stops the start, with its version; a replica is told of, loudly."""
    with pytest.raises(CannotStart) as refused:
        await judge(Telling(redis_version="6.2.14"))  # type: ignore[arg-type]  # all that it asks
    assert "6.2.14" in refused.value.reason
    replica = Telling(redis_version="7.0.0", aof_enabled=1, role="slave")
    with capture_logs() as said:
        await judge(replica)  # type: ignore[arg-type]  # same
    assert [line["reason"] for line in said] == ["it is a replica"]
