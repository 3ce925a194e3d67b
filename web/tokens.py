"""JSON Web Tokens for programs of the admin: short-lived, of one kind, under one key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.errors import NotSignedIn

ALGORITHM = "HS256"  # pinned: what a token's own head says is not asked
LIFETIME = timedelta(minutes=15)
AUDIENCE = "onetimeshare-admin"


class Tokens:
    """Issues tokens and checks them. A key of its own, 32 bytes, signs them."""

    def __init__(self, key: bytes, issuer: str) -> None:
        self._key = key
        self._issuer = issuer

    def issue(self, user: str) -> str:
        import jwt  # noqa: PLC0415 - 2 MB, and few have programs that sign in

        now = datetime.now(UTC)
        claims = {
            "sub": user,
            "iss": self._issuer,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def check(self, token: str) -> str:
        """Tell whose token it is.

        Raises:
            NotSignedIn: it is not one of ours, or it is over.
        """
        import jwt  # noqa: PLC0415 - same

        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                options={"require": ["sub", "iss", "aud", "iat", "exp"]},
            )
        except jwt.InvalidTokenError:
            raise NotSignedIn from None
        return str(claims["sub"])
