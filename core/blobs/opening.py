"""The store of blobs that the operator chose, ready to be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.blobs import BOUNDLESS
from core.blobs.days import in_thread
from core.blobs.filesystem import FileBlobs
from core.blobs.pieces import RedisBlobs
from core.errors import CannotStart, OneTimeShareError
from core.guards import closed_on_the_way
from core.quantities import show_size
from core.redis_state import RedisState

if TYPE_CHECKING:
    from core.blobs.objects import ObjectBlobs
    from core.place import Place
    from core.redis_cluster import AnyRedis
    from core.scripts import Scripts

log = structlog.get_logger()


async def open_blobs(
    place: Place, largest: int, *, spare: int, redis: AnyRedis, scripts: Scripts
) -> FileBlobs | ObjectBlobs | RedisBlobs:
    """Open the store that the address names, and make sure that it works.

    Args:
        place: its address.
        largest: bytes that the largest blob may have.
        spare: bytes that must stay free.
        redis: the connections for what is long.
        scripts: the way to the same Redis for what is short.

    Raises:
        CannotStart: with a sentence that says what to do.
    """
    if place.in_redis:
        return await _in_redis(redis, scripts, spare)
    if place.bucket:
        return await _in_bucket(place, largest)
    folder, blobs = place.folder, FileBlobs(place.folder)
    try:
        await blobs.start()
        await blobs.check()
        out_of_reach = await in_thread(closed_on_the_way, folder)
    except OneTimeShareError as error:
        reason = error.__cause__ or "no such folder can be made"
        raise CannotStart(f"The folder of blobs {folder} can not be used: {reason}") from None
    if not out_of_reach:
        raise CannotStart(
            f"Others can read the folder of blobs {folder}; run: chmod 700 {folder}, "
            "or name a folder in it in BLOBS_URL, which is then made for this user alone."
        )
    return blobs


async def _in_bucket(place: Place, largest: int) -> ObjectBlobs:
    # Only here: who keeps blobs in a folder does without the client's memory and start.
    from core.blobs.bucket import Bucket  # noqa: PLC0415
    from core.blobs.objects import ObjectBlobs  # noqa: PLC0415

    blobs = ObjectBlobs(Bucket(place), largest=largest)
    try:
        await blobs.start()
    except CannotStart:
        raise
    except OneTimeShareError as error:
        raise CannotStart(
            f"The bucket {place.bucket} can not be used: {error.__cause__ or 'no answer'}. "
            "Check endpoint, region and name in BLOBS_URL, and that the keys in AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY may put, get, list and delete objects in it."
        ) from None
    return blobs


async def _in_redis(redis: AnyRedis, scripts: Scripts, spare: int) -> RedisBlobs:
    blobs = RedisBlobs(redis, scripts)
    try:
        states = await blobs.states()
    except OneTimeShareError as error:
        why = type(error.__cause__).__name__
        raise CannotStart(f"Redis does not tell whether it takes blobs: {why}") from None
    most = min(state.most or BOUNDLESS for state in states)
    if most <= spare:
        raise CannotStart(
            f"MIN_FREE_DISK leaves nothing of the {show_size(most)} that Redis may use: "
            "lower it, or raise Redis' maxmemory."
        )
    for risk in RedisState.risks_of_blobs(states):
        log.warning("redis may lose secrets", reason=risk)
    return blobs
