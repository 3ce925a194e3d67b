"""The key schedule: what opens a secret needs the link's key, the record's share, and the password.

    verifier     = SHA-256(HKDF(ikm = K, salt = P"link", info = "verifier" || id))
    password key = 32 zero bytes (p0)  or  Argon2id(NFC(password), password salt) (a1)
    wrap key     = HKDF(ikm = K || password key || S, salt,
                        info = P"wrap" || id || limit || profile)
    wrapped      = ChaCha20-Poly1305(wrap key, nonce 0).encrypt(file key)

P is `onetimeshare/v1/`; HKDF is RFC 5869 with SHA-256 and 32 bytes; Argon2id is RFC 9106.
Every zero nonce belongs to a key that encrypts one message only. docs/format.md has it all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import struct
import unicodedata
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Corrupt, Malformed, NotFound
from core.link import decode, encode
from core.secret import Kind, Metadata, SenderRef

PREFIX = b"onetimeshare/v1/"
NO_PASSWORD = bytes(32)
NONCE_SIZE = 12
ZERO_NONCE = bytes(NONCE_SIZE)
METADATA_BLOCK = 256


@dataclass(frozen=True, slots=True)
class _Argon2:
    passes: int
    kibibytes: int
    lanes: int


# Parameters come from this table, never from stored data.
PROFILES = {"a1": _Argon2(passes=3, kibibytes=64 * 1024, lanes=4)}


@dataclass(frozen=True, slots=True)
class Wrapping:
    """A wrapped file key and what its unwrapping needs from the record."""

    profile: str
    share: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    password_salt: bytes = field(repr=False)
    wrapped: bytes = field(repr=False, default=b"")

    def fields(self) -> tuple[str, bytes, bytes, bytes, bytes]:
        """List it as scripts take it."""
        return self.profile, self.share, self.salt, self.password_salt, self.wrapped


@dataclass(frozen=True, slots=True)
class Ticket:
    """What fetches the bytes of a claimed secret, without a look at its record.

    `limit_ms` and `plain_size` (padding included) find and check the blob; `size` is the true one.
    `revision` is that of the password that was given for it.
    """

    file_key: bytes = field(repr=False)
    limit_ms: int
    plain_size: int
    size: int
    revision: int = 0


_TICKET = struct.Struct(">16sQQQQ")
_TICKET_SIZE = NONCE_SIZE + _TICKET.size + 16


def _derive(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(ikm)


def _seal(key: bytes, plain: bytes, aad: bytes | None = None) -> bytes:
    return ChaCha20Poly1305(key).encrypt(ZERO_NONCE, plain, aad)


def _open(key: bytes, sealed: bytes, aad: bytes | None = None) -> bytes:
    try:
        return ChaCha20Poly1305(key).decrypt(ZERO_NONCE, sealed, aad)
    except InvalidTag:
        raise Corrupt from None


def _seal_fresh(key: bytes, plain: bytes, aad: bytes | None = None) -> bytes:
    """Seal under a key that may see other messages: the random nonce stands before."""
    nonce = secrets.token_bytes(NONCE_SIZE)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, aad)


def _open_fresh(key: bytes, sealed: bytes, aad: bytes | None = None) -> bytes:
    nonce, rest = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, rest, aad)
    except (InvalidTag, ValueError):  # or too short to be one
        raise Corrupt from None


def verifier(secret_id: bytes, key: bytes) -> bytes:
    """Derive what the record holds to recognise the key: 32 bytes that open nothing."""
    return hashlib.sha256(_derive(key, PREFIX + b"link", b"verifier" + secret_id)).digest()


def stretch(profile: str, password: str, password_salt: bytes) -> bytes:
    """Derive the password key with Argon2id; blocks for about 140 ms and takes 64 MiB."""
    cost = PROFILES[profile]
    return hash_secret_raw(
        unicodedata.normalize("NFC", password).encode(),
        password_salt,
        time_cost=cost.passes,
        memory_cost=cost.kibibytes,
        parallelism=cost.lanes,
        hash_len=32,
        type=Type.ID,
    )


def _wrap_key(
    wrapping: Wrapping, secret_id: bytes, key: bytes, password_key: bytes, limit_ms: int
) -> bytes:
    profile = wrapping.profile.encode()
    info = PREFIX + b"wrap" + secret_id + limit_ms.to_bytes(8) + profile
    return _derive(key + password_key + wrapping.share, wrapping.salt, info)


def wrap(  # noqa: PLR0913 - every share and everything that is bound
    file_key: bytes,
    wrapping: Wrapping,
    *,
    secret_id: bytes,
    key: bytes,
    password_key: bytes,
    limit_ms: int,
) -> Wrapping:
    """Wrap the file key under all three shares; `wrapping` brings profile, share and salts."""
    wrap_key = _wrap_key(wrapping, secret_id, key, password_key, limit_ms)
    return Wrapping(
        wrapping.profile,
        wrapping.share,
        wrapping.salt,
        wrapping.password_salt,
        _seal(wrap_key, file_key),
    )


def unwrap(
    wrapping: Wrapping, *, secret_id: bytes, key: bytes, password_key: bytes, limit_ms: int
) -> bytes:
    """Unwrap the file key.

    Raises:
        Corrupt: a share is wrong; with a password, most likely that one.
    """
    return _open(_wrap_key(wrapping, secret_id, key, password_key, limit_ms), wrapping.wrapped)


def seal_metadata(file_key: bytes, salt: bytes, secret_id: bytes, metadata: Metadata) -> bytes:
    """Seal the metadata, padded with spaces to a multiple of 256 bytes of JSON."""
    fields = {
        "name": metadata.name,
        "type": metadata.type,
        "size": metadata.size,
        "kind": metadata.kind.value,
    }
    plain = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    plain += b" " * (-len(plain) % METADATA_BLOCK)
    return _seal(_derive(file_key, salt, PREFIX + b"meta" + secret_id), plain, secret_id)


def open_metadata(file_key: bytes, salt: bytes, secret_id: bytes, sealed: bytes) -> Metadata:
    """Open the metadata.

    Raises:
        Corrupt: it is not what was sealed for this secret.
    """
    key = _derive(file_key, salt, PREFIX + b"meta" + secret_id)
    fields = json.loads(_open(key, sealed, secret_id))
    return Metadata(fields["name"], fields["type"], fields["size"], Kind(fields["kind"]))


def seal_resume(file_key: bytes, secret_id: bytes, key: bytes, claim: bytes) -> bytes:
    """Seal the file key for whoever has both key and claim; for repeats inside the window."""
    return _seal(_derive(key, claim, PREFIX + b"resume" + secret_id), file_key)


def open_resume(sealed: bytes, secret_id: bytes, key: bytes, claim: bytes) -> bytes:
    """Open what `seal_resume` sealed.

    Raises:
        Corrupt: another key, claim or secret.
    """
    return _open(_derive(key, claim, PREFIX + b"resume" + secret_id), sealed)


class ServerKey:
    """The server's own 32 bytes, a key derived for each purpose. It wraps no secret's key."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __repr__(self) -> str:
        return "ServerKey()"

    def _for(self, purpose: bytes) -> bytes:
        return _derive(self._raw, b"", PREFIX + purpose)

    def owner(self, door: str, user: str) -> bytes:
        """Mark a sender: the same every time, and telling nothing to whoever lacks this key."""
        message = f"{door}\0{user}".encode()
        return hmac.digest(self._for(b"owner"), message, "sha256")

    def seal(self, purpose: bytes, about: bytes, plain: bytes) -> bytes:
        """Seal what this server alone reads again."""
        return _seal_fresh(self._for(purpose), plain, about)

    def open(self, purpose: bytes, about: bytes, sealed: bytes) -> bytes:
        """Open what `seal` sealed.

        Raises:
            Corrupt: another key, purpose, or thing that it is about.
        """
        return _open_fresh(self._for(purpose), sealed, about)

    def seal_ref(self, secret_id: bytes, ref: SenderRef) -> bytes:
        """Seal where a sender is told."""
        return self.seal(b"ref", secret_id, json.dumps(asdict(ref), separators=(",", ":")).encode())

    def open_ref(self, secret_id: bytes, sealed: bytes) -> SenderRef:
        """Open what `seal_ref` sealed.

        Raises:
            Corrupt: another key or secret.
        """
        return SenderRef.read(json.loads(self.open(b"ref", secret_id, sealed)))

    def door(self, secret_id: bytes, ref: bytes) -> str:
        """Name the door where a secret's sender is told; without one it came through the web."""
        if ref:
            with suppress(Corrupt):
                return self.open_ref(secret_id, ref).door
        return "web"

    def token_key(self, credential: bytes) -> bytes:
        """Derive what signs the admin's tokens: another password makes all of them worthless."""
        return _derive(self._raw, credential, PREFIX + b"token")

    def check_value(self) -> bytes:
        """Derive what tells later whether the same key is in use."""
        return self._for(b"check")

    def seal_ticket(self, secret_id: bytes, claim_hash: bytes, ticket: Ticket) -> str:
        """Seal a ticket for one secret and one claim, as base64url."""
        packed = _TICKET.pack(
            ticket.file_key, ticket.limit_ms, ticket.plain_size, ticket.size, ticket.revision
        )
        return encode(_seal_fresh(self._for(b"ticket" + secret_id + claim_hash), packed))

    def open_ticket(self, secret_id: bytes, claim_hash: bytes, text: str) -> Ticket:
        """Open a ticket.

        Raises:
            NotFound: it is not one of ours, or for another secret or claim.
        """
        try:
            sealed = decode(text, _TICKET_SIZE, "ticket")
            packed = _open_fresh(self._for(b"ticket" + secret_id + claim_hash), sealed)
        except (Corrupt, Malformed):
            raise NotFound from None
        return Ticket(*_TICKET.unpack(packed))
