"""Values that may be stored nowhere in clear, and every spelling in which they could be."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

from core.link import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


def spellings(marker: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and write every spelling in which a program could have put it down."""
    yield "raw", marker
    yield "as Latin-1 text", marker.decode("latin-1").encode()
    yield "hex", marker.hex().encode()
    yield "HEX", marker.hex().upper().encode()
    for shift in range(3):  # base64 in which it begins at any byte
        yield f"base64+{shift}", _aligned(base64.b64encode, marker, shift)
        yield f"base64url+{shift}", _aligned(base64.urlsafe_b64encode, marker, shift)
    escaped = quote_from_bytes(marker, safe="")
    yield "percent", escaped.encode()
    yield "percent, small", escaped.lower().encode()
    yield "percent, all", "".join(f"%{byte:02X}" for byte in marker).encode()
    yield "Python", repr(marker)[2:-1].encode()
    text = _text(marker)
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "Python text", ascii(text)[1:-1].encode()
    yield "UTF-16 LE", text.encode("utf-16-le")
    yield "UTF-16 BE", text.encode("utf-16-be")


def _aligned(write: Callable[[bytes], bytes], marker: bytes, shift: int) -> bytes:
    """Cut off the characters that neighbours decide, too."""
    written = write(bytes(shift) + marker)
    return written[-(-8 * shift // 6) : 8 * (shift + len(marker)) // 6]


def _text(marker: bytes) -> str:
    try:
        return marker.decode()
    except UnicodeDecodeError:
        return encode(marker)


def found(markers: Mapping[str, bytes], places: Mapping[str, bytes]) -> set[tuple[str, str, str]]:
    """Tell which marker is in which place, in which spelling."""
    return {
        (name, spelling, place)
        for name, marker in markers.items()
        for spelling, written in dict(spellings(marker)).items()
        for place, held in places.items()
        if written in held
    }


def files(*folders: Path) -> dict[str, bytes]:
    """Read every file, and the names of files as one more."""
    paths = [path for folder in folders for path in folder.rglob("*")]
    held = {str(path): path.read_bytes() for path in paths if path.is_file()}
    return held | {"names": "\n".join(map(str, paths)).encode()}
