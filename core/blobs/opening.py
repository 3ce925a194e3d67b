"""The store of blobs that the operator chose, ready to be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.blobs.days import in_thread
from core.blobs.filesystem import FileBlobs
from core.errors import CannotStart, OneTimeShareError
from core.guards import closed_to_others

if TYPE_CHECKING:
    from core.blobs.objects import ObjectBlobs
    from core.place import Place


async def open_blobs(place: Place, largest: int) -> FileBlobs | ObjectBlobs:
    """Open the store for blobs of up to `largest` bytes, and make sure that it works.

    Raises:
        CannotStart: with a sentence that says what to do.
    """
    if place.bucket:
        return await _in_bucket(place, largest)
    folder, blobs = place.folder, FileBlobs(place.folder)
    try:
        await blobs.start()
        await blobs.check()
        closed = await in_thread(closed_to_others, folder)
    except OneTimeShareError as error:
        reason = error.__cause__ or "no such folder can be made"
        raise CannotStart(f"The folder of blobs {folder} can not be used: {reason}") from None
    if not closed:
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
