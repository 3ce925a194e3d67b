"""What messages hold, as one submission: a text, a file, or a zip of files and their text."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bots import replies
from bots.download import TooLargeHere
from bots.share import Submission, archive_content, text_content
from bots.telegram_message import DOOR, attached, event, language, sender, units, written
from core.archive import Entry
from core.secret import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram import Message

    from bots.share import Share
    from bots.telegram_files import Files
    from bots.telegram_message import Attached

LONGEST = 4096  # UTF-16 units of a message


def whole_event(messages: Sequence[Message]) -> str:
    """Name what came in as several messages, or one, the same each time the platform tells it."""
    first = messages[0]
    if first.media_group_id is not None:
        return f"{first.chat.id}/album/{first.media_group_id}"
    return event(first)


async def unanswered(share: Share, messages: Sequence[Message]) -> list[Message]:
    """Leave out what was answered before; what is alone needs no such question."""
    if len(messages) == 1:
        return list(messages)
    answered = [await share.creations.answered(DOOR, event(message)) for message in messages]
    return [message for message, over in zip(messages, answered, strict=True) if not over]


def submission(messages: Sequence[Message], name: str, files: Files) -> Submission | None:
    """Make one of all that is in the messages, which came in as the event `name`.

    Returns:
        None when there is nothing in them that can be shared.

    Raises:
        TooLargeHere: the platform keeps one of the files from bots, by the size that it told.
    """
    found = [(message, file) for message in messages if (file := attached(message)) is not None]
    text = _text(messages)
    if not found and text is None:
        return None
    first = messages[0]
    return Submission(
        sender=sender(first),
        event=name,
        parts=tuple(event(message) for message in messages),
        chat=str(first.chat.id),
        language=language(first),
        **_content(found, text, files),
    )


def called(submission: Submission) -> str:
    """Name what is shared as a person would."""
    if submission.packed:
        return replies.YOUR_FILES
    return replies.YOUR_TEXT if submission.kind is Kind.TEXT else replies.YOUR_FILE


def _content(
    found: Sequence[tuple[Message, Attached]], text: str | None, files: Files
) -> dict[str, Any]:
    for _, file in found:
        if files.limit is not None and (file.size or 0) > files.limit:
            raise TooLargeHere(files.limit)
    if not found:
        return {"kind": Kind.TEXT, "content": text_content(text or "")}
    text = (text or "").strip() and text
    entries = [
        Entry(file.name, file.size, files.stream(message.get_bot(), file.file_id))
        for message, file in found
    ]
    if len(entries) > 1 or text:
        return archive_content(entries, text or "")
    [(_, file)], [entry] = found, entries
    return {
        "kind": Kind.FILE,
        "content": entry.content,
        "name": file.name,
        "type": file.type,
        "size": file.size,
    }


def _text(messages: Sequence[Message]) -> str | None:
    texts = [text for message in messages if (text := written(message)) is not None]
    if not texts:
        return None
    if any(message.text is None for message in messages):  # captions of an album
        return "\n\n".join(texts)
    return texts[0] + "".join(_seam(*pair) + pair[1] for pair in pairwise(texts))


def _seam(before: str, after: str) -> str:
    """Give what stood where Telegram cut a paste: nothing, where the first part is full.

    Else it cut at white space, and took that away; a line break is the likeliest.
    """
    return "" if units(before) + units(after[0]) > LONGEST else "\n"
