"""The Redis that a house has for itself, for those who come to it beside the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.asyncio import Redis

if TYPE_CHECKING:
    from core.bootstrap import House


def alone(house: House) -> Redis:
    """Give its client, which is one of a single server."""
    assert isinstance(house.redis, Redis)
    return house.redis


def url_of(house: House) -> str:
    """Write its address."""
    return f"unix://{alone(house).connection_pool.connection_kwargs['path']}"
