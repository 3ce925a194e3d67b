"""One call that programs can make: what it takes, what it gives, how it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import errors as e
from web import schemas as s

if TYPE_CHECKING:
    from web.schemas import Schema

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PARTS, BYTES = "multipart/form-data", "application/octet-stream"

Refusal = type[e.OneTimeShareError]
CONTENT = {"password": s.PASSWORD, "expires": s.EXPIRES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call. `gives` names a schema, a media type or nothing for each status that is no refusal.

    `takes` is a body by media type; `needs` one of these kinds of authorization.
    """

    call: str
    tag: str
    summary: str
    more: str = ""
    takes: dict[str, Schema] = field(default_factory=dict)
    optional: bool = False
    headers: dict[str, Schema] = field(default_factory=dict)
    query: dict[str, Schema] = field(default_factory=dict)
    gives: dict[int, str]
    refuses: tuple[Refusal, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        return self.call.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.call.partition(" ")[2]

    @property
    def fields(self) -> dict[str, Schema]:
        """All fields that a body may have, however it is sent."""
        told: dict[str, Schema] = {}
        for body in self.takes.values():
            for name, schema in body.get("properties", {}).items():
                told.setdefault(name, schema)
        return told

    def needs_field(self, name: str) -> bool:
        """Tell whether a field must be there."""
        bodies = [body for body in self.takes.values() if name in body.get("properties", {})]
        return all(name in body["required"] for body in bodies)


def fields(optional: tuple[str, ...] = (), /, **each: Schema) -> dict[str, Schema]:
    """Take fields as JSON or as a form."""
    body = {**s.shape(optional, **each), "additionalProperties": True}
    return {JSON: body, FORM: body}


def content(**more: Schema) -> dict[str, Schema]:
    """Take content: as a form with parts, as a form with a text, or as the body itself."""
    parts = s.shape(
        ("file", "text", "password", "expires", *more),
        **more,
        file=s.BINARY,
        text=s.text("A text in the place of a file."),
        **CONTENT,
    )
    form = s.shape(("password", "expires"), text=s.text("The text."), **CONTENT)
    return {PARTS: parts, FORM: {**form, "additionalProperties": True}, BYTES: s.BINARY}
