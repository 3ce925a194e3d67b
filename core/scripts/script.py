"""The texts of the scripts: from files with their preludes, and several joined into one."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ON_RECORDS = (
    *(
        "create",
        "peek",
        "attempt",
        "resolve",
        "claim",
        "unclaim",
        "check",
        "release",
        "follow",
        "touch",
    ),
    *("progress", "done", "burn", "inspect", "revoke", "unlock", "reschedule", "material"),
    *("rewrap", "forestall", "settle", "expire", "lose", "published", "refer", "observe"),
)
ON_INVITATIONS = ("invite", "inquire", "take", "hold", "hand", "delivered", "withdraw", "amend")
ON_OTHERS = (
    *("note", "begin", "count", "keep", "look", "part", "cover", "publish"),
    *("spare", "lay", "latch"),
)
NAMES = (*ON_RECORDS, *ON_INVITATIONS, *ON_OTHERS)
# What takes something in is refused where Redis' memory or disk is full. All else goes on: it
# frees what lies there, or says what became of it.
TAKING_IN = ("create", "invite", "take", "begin", "part", "cover", "lay")
GOES_ON = "#!lua flags=allow-oom\n"


def source(name: str) -> str:
    """Put a script together with its prelude: one on records also tells of its outbox."""
    here = files(__package__)
    text = here.joinpath(f"{name}.lua").read_text()
    if name in ON_OTHERS:
        return text
    if name in ON_INVITATIONS:
        return f"{here.joinpath('invitation.lua').read_text()}\n{text}"
    prelude = here.joinpath("record.lua").read_text()
    return f"{prelude}\nlocal function step()\n{text}\nend\nreturn {{step(), waiting()}}"


@dataclass(frozen=True, slots=True)
class Script:
    """One that servers keep under the hash of its text, once they have seen it."""

    body: str
    keys: int
    takes_in: bool
    text: str
    sha: str

    @classmethod
    def of(cls, name: str, body: str) -> Script:
        return cls._made(body, takes_in=name in TAKING_IN)

    @classmethod
    def _made(cls, body: str, *, takes_in: bool, keys: int = 1) -> Script:
        text = body if takes_in else GOES_ON + body
        sha = sha1(text.encode(), usedforsecurity=False).hexdigest()
        return cls(body, keys, takes_in, text, sha)

    @classmethod
    def joined(cls, parts: Sequence[Script], *, asks: bool) -> Script:
        """Make one script of several, run in their order as one step, each on a key of its own.

        Its arguments are those of each part after their number. It answers what all parts answer;
        where it `asks`, the first one may answer no, and nothing else is done then.
        """
        functions = ",\n".join(f"function(KEYS, ARGV)\n{part.body}\nend" for part in parts)
        ask = "if n == 1 and not answer then return {} end" if asks else ""
        body = files(__package__).joinpath("joined.lua").read_text()
        body = body.replace("--PARTS", functions).replace("--ASK", ask)
        return cls._made(body, takes_in=any(part.takes_in for part in parts), keys=len(parts))
