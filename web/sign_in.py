"""Who may act as the admin: a browser with a session, or a program with a token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.credentials import Credentials, stored_hash
from core.errors import Foreign, NotSignedIn, WrongLogin
from core.sessions import Sessions
from web.fields import Fields, bearer
from web.tokens import Tokens

if TYPE_CHECKING:
    from aiohttp import web

    from core.audit import Act, Audit
    from core.bootstrap import House
    from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Admin:
    """Who acts; in a browser with a session's token, and with the proof that its forms carry."""

    user: str
    session: str = field(default="", repr=False)
    proof: str = field(default="", repr=False)


class SignIn:
    """Lets the admin in, and nobody else. Without a password nobody is the admin."""

    def __init__(self, house: House, settings: Settings) -> None:
        stored = stored_hash(settings.admin_password_hash, settings.data_dir)
        self.closed = stored is None
        self.audit: Audit = house.audit
        self._origin = _origin(settings.public_url)
        self._tls = self._origin.startswith("https://")
        self._user = settings.admin_user
        credential = stored or ""
        self._credentials = Credentials(settings.admin_user, credential)
        self._sessions = Sessions(house.scripts, credential)
        key = house.vault.server_key.token_key(credential.encode())
        self._tokens = Tokens(key, self._origin)

    @property
    def cookie(self) -> str:
        """Name the cookie; browsers take the strict prefix by https only."""
        return "__Host-session" if self._tls else "session"

    async def admit(self, fields: Fields, done: Act, refused: Act) -> None:
        """Check name and password, and note what came of it.

        Raises:
            Malformed: a field is missing.
            Busy: too many logins are being checked.
            WrongLogin: they are not the admin's.
        """
        user, password = fields.need("user"), fields.need("password")
        if self.closed or not await self._credentials.match(user, password):
            await self.audit.note(refused)
            raise WrongLogin
        await self.audit.note(done, self._user)

    async def begin(self, answer: web.Response) -> None:
        """Begin a session, always a new one, and give its token to the browser."""
        answer.set_cookie(
            self.cookie,
            await self._sessions.begin(),
            path="/",
            secure=self._tls,
            httponly=True,
            samesite="Strict",
        )

    async def end(self, admin: Admin, answer: web.Response) -> None:
        """End a session."""
        await self._sessions.end(admin.session)
        answer.del_cookie(self.cookie, path="/", secure=self._tls, httponly=True, samesite="Strict")

    def issue(self) -> str:
        """Issue a token for programs."""
        return self._tokens.issue(self._user)

    async def look(self, request: web.Request) -> Admin:
        """Let the admin look.

        Raises:
            NotSignedIn: it is somebody else.
        """
        if self.closed:
            raise NotSignedIn
        if "Authorization" in request.headers:
            return Admin(self._tokens.check(bearer(request)))
        token = request.cookies.get(self.cookie, "")
        used = "OTS-Refresh" not in request.headers  # a page that refreshes itself is no person
        if not token or not await self._sessions.lives(token, used=used):
            raise NotSignedIn
        return Admin(self._user, token, self._sessions.proof(token))

    async def act(self, request: web.Request) -> Admin:
        """Let the admin change something; a browser's form proves that it is one of ours.

        Raises:
            NotSignedIn: it is somebody else.
            Foreign: another site sent it.
        """
        admin = await self.look(request)
        if admin.session:
            self.same_origin(request)
            given = (await Fields.read(request)).get("proof") or ""
            if not hmac.compare_digest(given.encode(), admin.proof.encode()):
                raise Foreign
        return admin

    def same_origin(self, request: web.Request) -> None:
        """Refuse what another site makes a browser send.

        Our pages send no referrer, so browsers call the origin of their forms `null`; where it
        came from stands in Sec-Fetch-Site.

        Raises:
            Foreign: it came from elsewhere, or the browser does not say.
        """
        site = request.headers.get("Sec-Fetch-Site")
        if site == "same-origin" or (
            site is None and self._origin == request.headers.get("Origin")
        ):
            return
        raise Foreign


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
