"""What everybody gets the same, compressed once: pages that hold nobody's values, scripts, styles.

Nothing else is compressed: how much smaller an answer gets tells what is in it.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass

from aiohttp import web

_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


@dataclass(frozen=True, slots=True)
class Compressed:
    """Bytes, and the same in fewer."""

    type: str
    plain: bytes
    gzipped: bytes
    vary: str = "Accept-Encoding"

    @classmethod
    def of(cls, type_: str, plain: bytes, *more: str) -> Compressed:
        """Compress; `more` are headers besides `Accept-Encoding` that choose between answers."""
        vary = ", ".join(("Accept-Encoding", *more))
        return cls(type_, plain, gzip.compress(plain, mtime=0), vary)

    def answer(self, request: web.Request) -> web.Response:
        """Answer with what the client takes."""
        small = _GZIP.search(request.headers.get("Accept-Encoding", "")) is not None
        headers = {"Content-Type": f"{self.type}; charset=utf-8", "Vary": self.vary}
        if small:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=self.gzipped if small else self.plain, headers=headers)
