"""The admin's name and password, of which an Argon2id hash is all that is kept."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import Busy, CannotStart

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST = 12  # characters
LONGEST = 1024  # bytes of UTF-8
QUEUE = 4  # logins that wait while one is checked
FILE = "admin.hash"


def hash_password(password: str) -> str:
    """Hash a new password.

    Raises:
        ValueError: it is too short or too long; the text says what to do.
    """
    if len(password) < SHORTEST:
        raise ValueError(f"Choose a password of at least {SHORTEST} characters.")
    if len(_bytes(password)) > LONGEST:
        raise ValueError(f"Choose a password of at most {LONGEST} bytes.")
    return PasswordHasher().hash(_bytes(password))


def parse_hash(text: str) -> str:
    """Check that a text is an Argon2id hash.

    Raises:
        ValueError: it is none; the text says how to make one.
    """
    with suppress(InvalidHashError):
        if extract_parameters(text).type is Type.ID:
            return text
    raise ValueError("write the line that `onetimeshare hash-password` prints")


def stored_hash(given: str | None, folder: Path) -> str | None:
    """Take the hash that the operator gave, or find it in the data folder; None: no admin.

    Raises:
        CannotStart: the file is damaged.
    """
    if given is not None:
        return given
    path = folder / FILE
    try:
        return parse_hash(path.read_text().strip())
    except FileNotFoundError:
        return None
    except (ValueError, OSError):
        raise CannotStart(f"{path} is damaged: delete it, and start again.") from None


def make_password(folder: Path) -> str:
    """Make a password and keep its hash in the data folder."""
    password = secrets.token_urlsafe(18)
    _write(folder / FILE, hash_password(password))
    return password


def _bytes(text: str) -> bytes:
    """Encode a text the same way on every keyboard; whatever JSON can hold is taken."""
    return unicodedata.normalize("NFC", text).encode(errors="surrogatepass")


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    draft.rename(path)


class Credentials:
    """Checks logins, one at a time: each costs 64 MiB and a moment."""

    def __init__(self, user: str, password_hash: str) -> None:
        self.user = user
        self._hash = password_hash
        self._one = asyncio.Semaphore(1)
        self._waiting = 0

    async def match(self, user: str, password: str) -> bool:
        """Tell whether they are the admin's: as slowly for another name as for another password.

        Raises:
            Busy: too many logins wait.
        """
        if self._waiting > QUEUE:
            raise Busy(5)
        self._waiting += 1
        try:
            async with self._one:
                right = await asyncio.to_thread(self._verify, password)
        finally:
            self._waiting -= 1
        return right & hmac.compare_digest(_bytes(user), _bytes(self.user))

    def _verify(self, password: str) -> bool:
        given = _bytes(password)
        if len(given) > LONGEST:
            return False
        try:
            return PasswordHasher().verify(self._hash, given)
        except VerificationError:
            return False
