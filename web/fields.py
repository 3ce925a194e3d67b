"""What a small request says: JSON or a form, at most 8 KiB, each field once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from core.errors import Malformed, NotFound, TooLarge
from core.invitation import InvitationId
from core.link import SecretId

if TYPE_CHECKING:
    from aiohttp import web

LONGEST = 8 * 1024
PATIENCE = 30.0  # seconds until a small body must be here


class Fields:
    """The fields of a request, as texts."""

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields

    @classmethod
    async def read(cls, request: web.Request) -> Fields:
        """Read the body.

        Raises:
            Malformed: not JSON or a form, or a field that is doubled or no text.
            TooLarge: over 8 KiB.
        """
        body = await read_small(request)
        if request.content_type == "application/json":
            return cls(_from_json(body))
        if request.content_type == "application/x-www-form-urlencoded":
            return cls.of_form(body)
        raise Malformed("body: send JSON or a form")

    @classmethod
    def of_form(cls, body: bytes) -> Fields:
        """Read an ordinary form.

        Raises:
            Malformed: it is none, or a field is doubled.
        """
        return cls(_from_form(body))

    def get(self, name: str) -> str | None:
        """Take a field; an empty one counts as absent."""
        return self._fields.get(name) or None

    def need(self, name: str) -> str:
        """Take a field that must be there.

        Raises:
            Malformed: it is not.
        """
        value = self.get(name)
        if value is None:
            raise Malformed(name)
        return value


def all_here(request: web.Request) -> bool:
    """Tell whether all of a body came with its head, so that there is nothing to wait for."""
    return request.content.is_eof() and request.content.exception() is None


def refuse_nobody(request: web.Request) -> None:
    """Take nothing away for a client that is gone, as it can receive none of it.

    Raises:
        ConnectionResetError: it is.
    """
    if request.transport is None or request.transport.is_closing():
        raise ConnectionResetError


async def read_small(request: web.Request, longest: int = LONGEST) -> bytes:
    """Read a body of at most `longest` bytes, whatever its length claims to be.

    Raises:
        TooLarge: it goes on.
        Malformed: it does not arrive.
    """
    body = bytearray()
    if all_here(request):
        body += request.content.read_nowait()
        if len(body) > longest:
            raise TooLarge(longest)
        return bytes(body)
    try:
        async with asyncio.timeout(PATIENCE):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > longest:
                    raise TooLarge(longest)
    except TimeoutError:
        raise Malformed("body: it did not arrive") from None
    return bytes(body)


def _from_json(body: bytes) -> dict[str, str]:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise Malformed("JSON: a field is there twice")
        return fields

    try:
        fields = json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Malformed("JSON") from None
    if not isinstance(fields, dict):
        raise Malformed("JSON: send an object")
    for name, value in fields.items():
        if value is not None and not isinstance(value, str):
            raise Malformed(f"JSON: {name[:40]!r} must be a text")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _from_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=32)
    except ValueError:
        raise Malformed("form") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed("form: a field is there twice")
    return fields


def invitation_id(request: web.Request) -> InvitationId:
    """Read the id of an invitation in the path.

    Raises:
        NotFound: no id looks like that; the same answer as for one that never was.
    """
    return InvitationId(secret_id(request).raw)


def secret_id(request: web.Request) -> SecretId:
    """Read the id in the path.

    Raises:
        NotFound: no id looks like that; the same answer as for one that never was.
    """
    try:
        return SecretId.parse(request.match_info["id"])
    except Malformed:
        raise NotFound from None


def bearer(request: web.Request) -> str:
    """Read the token of `Authorization: Bearer`.

    Raises:
        Malformed: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Malformed("Authorization: send Bearer and the token")
    return token.strip()
