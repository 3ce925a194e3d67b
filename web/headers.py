"""What every answer says to the browser: keep nothing, load nothing foreign, tell nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

    from core.readiness import Readiness

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_OFF = (
    "accelerometer autoplay camera display-capture encrypted-media fullscreen "
    "gamepad geolocation gyroscope hid idle-detection local-fonts magnetometer microphone midi "
    "payment picture-in-picture publickey-credentials-get screen-wake-lock serial storage-access "
    "usb xr-spatial-tracking"
)
DATA_CSP = "default-src 'none'; sandbox"  # for bytes that are never a page


def security_headers(*, tls: bool) -> dict[str, str]:
    """Write the set for one server; `tls` says whether people reach it by https."""
    headers = {
        "Content-Security-Policy": _CSP + ("; upgrade-insecure-requests" if tls else ""),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Origin-Agent-Cluster": "?1",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in _OFF.split()),
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
    if tls:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains; preload"
    return headers


class SecureAnswers:
    """Adds the headers to whatever leaves, unless the answer sets its own."""

    def __init__(self, readiness: Readiness, *, tls: bool) -> None:
        self._readiness = readiness
        self._headers = security_headers(tls=tls)

    async def __call__(self, _request: web.Request, answer: web.StreamResponse) -> None:
        """Serve as the application's `on_response_prepare` signal."""
        for name, value in self._headers.items():
            answer.headers.setdefault(name, value)
        answer.headers.popall("Server", None)
        if self._readiness.stopping:  # the next request should come to another process
            answer.force_close()
            answer.headers["Connection"] = "close"
