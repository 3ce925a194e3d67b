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

    @classmethod
    def of(cls, type_: str, plain: bytes) -> Compressed:
        return cls(type_, plain, gzip.compress(plain, mtime=0))

    def answer(self, request: web.Request) -> web.Response:
        """Answer with what the client takes."""
        small = _GZIP.search(request.headers.get("Accept-Encoding", "")) is not None
        answer = web.Response(
            body=self.gzipped if small else self.plain, content_type=self.type, charset="utf-8"
        )
        answer.headers["Vary"] = "Accept-Encoding"
        if small:
            answer.headers["Content-Encoding"] = "gzip"
        return answer
