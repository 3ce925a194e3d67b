"""The shapes of what programs send and get, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Any, TypeAlias

from core.allowance import LIMITS
from core.invitation import Purpose, Standing
from core.secret import Kind, State
from web.report import DOORS, FIGURES

Schema: TypeAlias = dict[str, Any]


def text(about: str, **more: object) -> Schema:
    return {"type": "string", "description": about, **more}


def number(about: str) -> Schema:
    return {"type": "integer", "minimum": 0, "description": about}


def moment(about: str) -> Schema:
    return text(about, format="date-time")


def yes_or_no(about: str) -> Schema:
    return {"type": "boolean", "description": about}


def named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def shape(optional: tuple[str, ...] = (), /, **fields: Schema) -> Schema:
    """Describe an object with just these fields."""
    return {
        "type": "object",
        "properties": fields,
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }


def one_of(kinds: type[State | Kind | Standing | Purpose], about: str) -> Schema:
    return text(about, enum=[kind.value for kind in kinds])


BINARY = text("The bytes.", contentMediaType="application/octet-stream")
ID = text("The secret's id, as in its link.", pattern="^[A-Za-z0-9_-]{22}$")
_KEY = "^[A-Za-z0-9_-]{43}$"
KEY = text("What follows the # in the link.", pattern=_KEY)
CLAIM = text("32 random bytes of your choice in base64url, the same on each call.", pattern=_KEY)
PASSWORD = text("The password, if there is one.", maxLength=1024)
EXPIRES = text("The lifetime: seconds, or a number with s, m, h or d.", examples=["1h"])
TICKET = text("What `open` answered.")
PROOF = text("What the form of this session carries; a program with a token needs none.")
AFTER = text("Where the page before ended: its `after`.")

_FIGURES = {name: number("Bytes." if name.startswith("bytes") else "How many.") for name in FIGURES}
_SLOT = {
    "at": moment("Where it begins."),
    "sealed_by_door": shape(**{door: number("How many.") for door in DOORS}),
    "limit_hits_by_limit": shape(**{limit: number("How many.") for limit in LIMITS}),
    **_FIGURES,
}

SCHEMAS: dict[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "Why it was refused (RFC 9457).",
        "properties": {
            "type": text("A name that stays the same.", pattern="^urn:onetimeshare:problem:"),
            "title": text("What it is, for people."),
            "status": number("The HTTP status."),
            "detail": text("What to do, for people."),
            "attempts_left": number("Passwords that may still be tried."),
            "retry_after": number("Seconds to wait."),
            "state": text("What it is now."),
            "limit": number("Bytes that are allowed."),
            "extension": text("The ending of a name that is not allowed."),
            "size": number("Bytes that there are."),
            "claim": text("Repeat the call with this: it may be yours already.", pattern=_KEY),
        },
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": False,
    },
    "Shared": shape(
        ("qr",),
        id=ID,
        link=text("Give this to the recipient; it is told once.", format="uri"),
        expires_at=moment("When it is destroyed unopened."),
        revoke_token=text("Revokes and unlocks; it is told once.", pattern=_KEY),
        receipt=text("A page for the sender alone, that holds the token.", format="uri"),
        qr=text("The link as a drawing in SVG, where it was asked for."),
    ),
    "Status": shape(
        state=one_of(State, "Where it is in its life."),
        protected=yes_or_no("Whether it has a password."),
        attempts_left=number("Passwords that may still be tried."),
        unlocks_left=number("How often it may still be unlocked."),
        created_at=moment("When it was sealed."),
        expires_at=moment("When it is destroyed unopened."),
        ended_at={**moment("When it ended; null: not yet."), "type": ["string", "null"]},
        size=number("Bytes; a text is padded to full KiB."),
    ),
    "Glance": shape(
        state=one_of(State, "Where it is in its life."),
        protected=yes_or_no("Whether it has a password."),
        attempts_left=number("Passwords that may still be tried."),
        expires_at=moment("When it is destroyed unopened."),
        size=number("Bytes; a text is padded to full KiB."),
    ),
    "Opened": shape(
        name=text("The file's name."),
        type=text("Its type, as the sender said."),
        size=number("Bytes."),
        kind=one_of(Kind, "What it is."),
        ticket=text("Fetches the bytes, with the same claim."),
    ),
    "Progress": shape(
        state=one_of(State, "Where it is in its life."),
        sent=number("Bytes handed out, from the beginning on."),
        complete=yes_or_no("Whether the last byte was."),
        seconds_left=number("For how long this claim may go on."),
    ),
    "Invitation": shape(
        ("retry_after",),
        state=one_of(Standing, "Whether it takes something."),
        label=text("What whoever asked calls themselves."),
        purpose=one_of(Purpose, "What it is for."),
        expires_at=moment("Until when."),
        max_size=number("Bytes that are allowed."),
        retry_after=number("Seconds until it may be free again."),
    ),
    "HandedIn": shape(handed_to=text("Who gets the link.")),
    "Token": shape(
        token=text("Send it as Authorization: Bearer."),
        token_type=text("How to send it.", const="Bearer"),
        expires_in=number("Seconds."),
    ),
    "Slot": shape(**_SLOT),
    "Statistics": shape(
        at=moment("Now."),
        totals=shape(**{span: named("Slot") for span in ("1d", "30d", "90d")}),
        hours=listed(named("Slot")),
        days=listed(named("Slot")),
        doors=listed(
            shape(
                name=text("Which.", enum=list(DOORS)),
                alive=yes_or_no("Whether it gave a sign of life in the last minute."),
                seen_at={**moment("When it did."), "type": ["string", "null"]},
            )
        ),
        secrets=number("How many are alive."),
        blob_bytes=number("Bytes that the sealed files take."),
        disk_free={**number("Bytes that are left; null: no disk."), "type": ["integer", "null"]},
        redis_memory=number("Bytes that Redis takes."),
    ),
    "Secrets": shape(
        secrets=listed(
            shape(
                id=ID,
                state=one_of(State, "Where it is in its life."),
                created_at=moment("When it was sealed."),
                expires_at=moment("When it is destroyed unopened."),
                size_up_to=number("The next power of ten of its bytes."),
                door=text("Where its sender is told."),
            )
        ),
        after={**text("Ask for the next page with this; null: none."), "type": ["string", "null"]},
    ),
    "Alive": shape(alive=yes_or_no("Always true.")),
    "Ready": shape(
        ready=yes_or_no("Whether it can work."),
        redis=yes_or_no("Whether Redis answers and takes writes."),
        blobs=yes_or_no("Whether the blob store does."),
        room=yes_or_no("Whether more is let in; what is there opens without."),
        durable=yes_or_no("Whether Redis keeps what it took."),
        stopping=yes_or_no("Whether the process is about to end."),
        doors={
            "type": "object",
            "description": "Which doors gave a sign of life lately.",
            "additionalProperties": {"type": "boolean"},
        },
    ),
}
