"""When a door gave its last sign of life, also where it has several parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.heartbeats import last_of, part_of
from core.shard import Shard


def test_door_of_several_parts_is_as_silent_as_its_most_silent_one() -> None:
    """One shard that died shows, though the others live; one that was given up is forgotten."""
    now = datetime.now(UTC)
    silent, given_up = now - timedelta(minutes=5), now - timedelta(days=3)
    seen = {part_of("discord", Shard(0, 2)): now, part_of("discord", Shard(1, 2)): silent}
    seen |= {part_of("discord", None): given_up, part_of("web", None): now}
    assert last_of("discord", seen) == silent
    assert last_of("web", seen) == now
    assert last_of("discord", {"discord": given_up}) == given_up
    assert last_of("telegram", seen) is None
