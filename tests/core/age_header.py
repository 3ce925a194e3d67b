"""The header of an age v1 file with one X25519 recipient, as the C2SP specification has it."""

from __future__ import annotations

import base64
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _base64(raw: bytes) -> bytes:
    return base64.b64encode(raw).rstrip(b"=")


def from_bech32(text: str) -> bytes:
    """Read the 32 bytes of an age key (BIP 173), whose checksum age itself made."""
    data = [_CHARSET.index(c) for c in text.lower().rpartition("1")[2]][:-6]
    number = int("".join(f"{value:05b}" for value in data)[:256], 2)
    return number.to_bytes(32)


def _derive(ikm: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(ikm)


def write_header(file_key: bytes, recipient: bytes) -> bytes:
    """Wrap a file key for a recipient's public key."""
    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    wrap = _derive(shared, share + recipient, b"age-encryption.org/v1/X25519")
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    head = b"age-encryption.org/v1\n-> X25519 " + _base64(share) + b"\n" + _base64(body) + b"\n---"
    mac = hmac.digest(_derive(file_key, b"", b"header"), head, "sha256")
    return head + b" " + _base64(mac) + b"\n"


def read_header(file: bytes, identity: bytes) -> tuple[bytes, bytes]:
    """Unwrap the file key with a private key; answer it and the payload."""
    head, _, rest = file.partition(b"\n--- ")
    _, _, payload = rest.partition(b"\n")
    lines = head.split(b"\n")
    at = next(n for n, line in enumerate(lines) if line.startswith(b"-> X25519 "))
    share = base64.b64decode(lines[at].split(b" ")[2] + b"==")
    body = base64.b64decode(lines[at + 1] + b"==")
    private = X25519PrivateKey.from_private_bytes(identity)
    recipient = private.public_key().public_bytes_raw()
    shared = private.exchange(X25519PublicKey.from_public_bytes(share))
    wrap = _derive(shared, share + recipient, b"age-encryption.org/v1/X25519")
    return ChaCha20Poly1305(wrap).decrypt(bytes(12), body, None), payload
