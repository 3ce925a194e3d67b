"""A secret's id, its key, and the link that carries both."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from core.errors import Malformed

ID_SIZE = 16
KEY_SIZE = 32


def encode(raw: bytes) -> str:
    """Write bytes as base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str, size: int, what: str) -> bytes:
    """Read exactly `size` bytes of unpadded base64url.

    Raises:
        Malformed: naming `what`, never the text. Only the one canonical spelling is accepted.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise Malformed(what) from None
    if len(raw) != size or encode(raw) != text:
        raise Malformed(what)
    return raw


@dataclass(frozen=True, slots=True)
class SecretId:
    """Names a secret; harmless alone. 16 random bytes, 22 characters."""

    raw: bytes

    @classmethod
    def random(cls) -> SecretId:
        return cls(secrets.token_bytes(ID_SIZE))

    @classmethod
    def parse(cls, text: str) -> SecretId:
        return cls(decode(text, ID_SIZE, "id"))

    def __str__(self) -> str:
        return encode(self.raw)


@dataclass(frozen=True, slots=True)
class Key:
    """Opens a secret; lives in the link's fragment only. 32 random bytes, 43 characters."""

    raw: bytes = field(repr=False)

    @classmethod
    def random(cls) -> Key:
        return cls(secrets.token_bytes(KEY_SIZE))

    @classmethod
    def parse(cls, text: str) -> Key:
        return cls(decode(text, KEY_SIZE, "key"))

    def reveal(self) -> str:
        """Spell the key out; `str` and `repr` never do."""
        return encode(self.raw)

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True, slots=True)
class Claim:
    """One recipient's exclusive right to open: 32 bytes that their page chose.

    Kept nowhere; what is kept is its hash, which names the holder of a record or a latch.
    """

    raw: bytes = field(repr=False)

    @classmethod
    def random(cls) -> Claim:
        return cls(secrets.token_bytes(KEY_SIZE))

    @classmethod
    def parse(cls, text: str) -> Claim:
        return cls(decode(text, KEY_SIZE, "claim"))

    @property
    def digest(self) -> bytes:
        """The claim's SHA-256."""
        return hashlib.sha256(self.raw).digest()

    @property
    def holder(self) -> str:
        """The digest as records and latches name it, 43 characters."""
        return encode(self.digest)

    def reveal(self) -> str:
        """Spell the claim out; `str` and `repr` never do."""
        return encode(self.raw)

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True, slots=True)
class Link:
    """What the sender gets and the recipient opens."""

    id: SecretId
    key: Key

    def url(self, public_url: str) -> str:
        """Write `<public_url>/s/<id>#<key>`."""
        return f"{public_url.rstrip('/')}/s/{self.id}#{self.key.reveal()}"

    @classmethod
    def parse(cls, url: str) -> Link:
        """Read a link of any server.

        Raises:
            Malformed: when a part is missing or cut off.
        """
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            raise Malformed("link") from None
        head, _, name = parts.path.rpartition("/")
        if not head.endswith(("/s", "/d", "/download")):
            raise Malformed("link")
        return cls(SecretId.parse(name), Key.parse(parts.fragment))
