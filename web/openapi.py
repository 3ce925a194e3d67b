"""The description of the API (OpenAPI 3.1), made of the operations and the table of problems."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from core.errors import NotFound, RateLimited, Unavailable
from web import schemas
from web.operation import BYTES, Operation
from web.operations import OPERATIONS
from web.problems import STATUSES, TABLE

if TYPE_CHECKING:
    from web.schemas import Schema

VERSION = "1"  # of the API; it grows when a client has to change
ABOUT = (
    "Links that open exactly once. A secret's key stands in its link after the `#`; it goes into "
    "the body of a call or into `Authorization`, never into an address. What is refused is "
    "answered with a problem, and costs nothing, but for a wrong password: there are five."
)
AUTHORIZATION = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "The key: what follows the `#` in the link.",
    },
    "revokeToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The revoke token that `/upload` answered.",
    },
    "admin": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The token that `/auth/token` answered.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": "The admin's browser.",
    },
}
OFTEN_AWAY = {"GET /healthz", "GET /openapi.json"}  # the calls that ask nothing of Redis


def describe(public_url: str) -> dict[str, Any]:
    """Write the whole description."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "OneTimeShare", "version": VERSION, "description": ABOUT},
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {"schemas": schemas.SCHEMAS, "securitySchemes": AUTHORIZATION},
    }


def _described(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "tags": [operation.tag],
        "summary": operation.summary,
        "operationId": operation.call.lower().translate(str.maketrans(" /.{}", "_____")),
        "parameters": _parameters(operation),
        "responses": _answers(operation),
        "security": [{name: []} for name in operation.needs],
    }
    if operation.more:
        told["description"] = operation.more
    if operation.takes:
        bodies = {kind: {"schema": schema} for kind, schema in operation.takes.items()}
        told["requestBody"] = {"required": not operation.optional, "content": bodies}
    return told


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    def each(place: str, named: dict[str, Schema]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": place,
                "required": place == "path",
                "description": schema["description"],
                "schema": {key: value for key, value in schema.items() if key != "description"},
            }
            for name, schema in named.items()
        ]

    ids = {"id": schemas.ID} if "{id}" in operation.path else {}
    return [*each("path", ids), *each("query", operation.query), *each("header", operation.headers)]


def _answers(operation: Operation) -> dict[str, Any]:
    told = {str(status): _given(status, what) for status, what in operation.gives.items()}
    refused: dict[int, list[str]] = {}
    always = () if operation.call in OFTEN_AWAY else (Unavailable,)
    # Whoever asks for what is not there is counted as one who opens.
    often = (RateLimited,) if NotFound in operation.refuses else ()
    for kind in (*operation.refuses, *often, *always):
        status, title, _ = TABLE[kind]
        refused.setdefault(status, []).append(title)
    if operation.takes:
        refused.setdefault(415, []).append(STATUSES[415][0])  # a Content-Encoding
    for status, titles in sorted(refused.items()):
        told.setdefault(str(status), _problem(" · ".join(dict.fromkeys(titles))))
    return told


def _given(status: int, what: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if what in schemas.SCHEMAS:
        answer["content"] = {"application/json": {"schema": schemas.named(what)}}
    elif what == BYTES:
        answer["content"] = {BYTES: {"schema": schemas.BINARY}}
    elif what:
        kind = "object" if what == "application/json" else "string"
        answer["content"] = {what: {"schema": {"type": kind}}}
    return answer


def _problem(titles: str) -> dict[str, Any]:
    return {
        "description": titles,
        "content": {"application/problem+json": {"schema": schemas.named("Problem")}},
    }
