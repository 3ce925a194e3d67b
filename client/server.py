"""A server, spoken to over HTTP: what it answers, or why not."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientSSLError, ClientTimeout

from client.failure import Broken, Exit, Failure, PasswordWanted, Stranger, Unreachable
from client.terminal import harmless
from core.language import _, spoken, tag

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiohttp import ClientResponse

    from client.address import Address

TIMES = ClientTimeout(total=None, sock_connect=15, sock_read=60)  # a server may take 30 s to answer
AHEAD = 1024 * 1024  # bytes read ahead: 2.6 s for 1 GB, 7.4 s with aiohttp's 64 KiB
LONGEST = 64 * 1024  # bytes of an answer that is not a secret's

_CODES = {
    403: Exit.PASSWORD,
    404: Exit.NOT_FOUND,
    409: Exit.LATER,
    410: Exit.GONE,
    423: Exit.LOCKED,
    429: Exit.LATER,
    503: Exit.LATER,
    507: Exit.LATER,
}
_PATIENTLY = {429, 500, 503}  # worth trying again by itself


class Server:
    """One server. Redirects are not followed: a secret goes where it was meant to, or nowhere."""

    def __init__(self, address: Address, session: ClientSession) -> None:
        self._address = address
        self._session = session

    @classmethod
    @asynccontextmanager
    async def at(cls, address: Address) -> AsyncIterator[Server]:
        """Have connections to a server in the block."""
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # exact lengths, so that a transfer can go on
            "Accept-Language": tag(spoken()),
        }
        async with ClientSession(headers=headers, timeout=TIMES, read_bufsize=AHEAD) as session:
            yield cls(address, session)

    @asynccontextmanager
    async def post(self, path: str, **wishes: Any) -> AsyncIterator[ClientResponse]:  # noqa: ANN401 - aiohttp's own
        """Post, and have the answer in the block, unless it is a refusal.

        Raises:
            Broken: there was no answer, or not all of it.
            Failure: the server refused, with its sentence.
        """
        url, proxy = f"{self._address.url}{path}", self._address.proxy
        try:
            async with self._session.post(
                url, proxy=proxy, allow_redirects=False, **wishes
            ) as answer:
                if not answer.ok or answer.status >= 300:  # noqa: PLR2004 - a redirect
                    raise await self._refusal(answer)
                yield answer
        except ClientSSLError:
            sentence = _("{host} does not prove who it is: its certificate is not trusted here.")
            raise Failure(sentence.format(host=self._address.host), Exit.NO_SERVER) from None
        except ClientConnectorError:
            sentence = _("No server answers at {host}.").format(host=self._address.host)
            raise Unreachable(sentence) from None
        except (ClientError, TimeoutError, ConnectionError):
            raise Broken(_("The connection broke off.")) from None

    async def call(self, path: str, fields: Mapping[str, str | None]) -> dict[str, Any]:
        """Post fields, and read what is answered; an empty answer has no fields."""
        async with self.post(path, json=fields) as answer:
            return await self.told(answer)

    async def told(self, answer: ClientResponse) -> dict[str, Any]:
        """Read a small answer.

        Raises:
            Failure: it is none of this service.
        """
        body = bytearray()
        async for piece in answer.content.iter_any():
            body += piece
            if len(body) > LONGEST:
                raise self.stranger()
        try:
            told = json.loads(body) if body else {}
        except ValueError:
            raise self.stranger() from None
        if not isinstance(told, dict):
            raise self.stranger()
        return told

    def stranger(self) -> Stranger:
        """Say that somebody else answers there."""
        sentence = _("What answers at {host} is not a server of OneTimeShare.")
        return Stranger(sentence.format(host=self._address.host))

    async def _refusal(self, answer: ClientResponse) -> Failure:
        if answer.content_type != "application/problem+json":
            return self._gateway() if answer.status in {502, 503, 504} else self.stranger()
        told = await self.told(answer)
        sentence = f"{harmless(str(told.get('title')))}: {harmless(str(told.get('detail')))}"
        if answer.status == 403 and "attempts_left" in told:  # noqa: PLR2004 - about a password
            return PasswordWanted(sentence, _number(told["attempts_left"]))
        code = _CODES.get(answer.status, Exit.NOT_TAKEN if answer.status < 500 else Exit.FAULT)  # noqa: PLR2004 - whose fault it is
        if answer.status in _PATIENTLY and not str(told.get("type")).endswith(":corrupt"):
            return Broken(sentence, code, wait=_number(told.get("retry_after")))
        return Failure(sentence, code)

    def _gateway(self) -> Broken:
        sentence = _("The server at {host} is not there just now. Try again later.")
        return Broken(sentence.format(host=self._address.host), Exit.LATER)


def _number(told: object) -> int:
    return told if isinstance(told, int) else 0
