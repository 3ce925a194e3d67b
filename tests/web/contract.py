"""The contract: what every route answers to what, line by line."""

from __future__ import annotations

from typing import Any

# One after the other: what is opened in one line is open in the next.
# method, path, what is sent (SENT says it), status, what is answered (ANSWERED says it)
CONTRACT = """
GET    /                         -         200 same
GET    /privacy                  -         200 same
GET    /docs                     -         200 page
GET    /robots.txt               -         200 text
GET    /static/{file}            -         200 static
GET    /static/none.css          -         404 problem
GET    /no/such/page             -         404 problem
GET    /no/such/page             browser   404 page
GET    /language?language=de     -         303 chosen
GET    /language?language=xx     -         400 problem
GET    /healthz                  -         200 json
GET    /readyz                   -         200 json
GET    /openapi.json             -         200 json

POST   /upload                   text      201 json
POST   /upload                   text+     201 page
POST   /upload                   empty     400 problem
GET    /s/{id}                   -         200 same
GET    /d/{id}                   -         302 redirect
GET    /download/{id}            -         302 redirect
GET    /info/{id}                -         400 problem
GET    /info/{id}                key       200 json
GET    /info/{none}              key       404 problem
POST   /s/{id}/peek              nothing   400 problem
POST   /s/{id}/peek              key       200 json
POST   /s/{none}/peek            key       404 problem
POST   /s/{id}/open              key       200 json
POST   /s/{id}/open              other     409 later
POST   /s/{id}/progress          claim     200 json
POST   /s/{id}/data              claim     200 data
POST   /s/{id}/data              range     206 part
POST   /s/{id}/data              beyond    416 problem
POST   /s/{id}/done              claim     204 nothing
POST   /s/{id}/data              claim     410 problem
POST   /s/{id}/data              stay      204 nothing
POST   /s/{id}/open              other     410 problem
POST   /s/{id}                   pasted    410 page
POST   /d/{id}                   key       410 problem
DELETE /s/{id}                   token     404 problem
POST   /s/{id}/unlock            token     404 problem

POST   /s/{lone}                 pasted+   200 page
POST   /d/{lone}                 lone      409 later
DELETE /s/{lone}                 -         400 problem
DELETE /s/{none}                 token     404 problem
GET    /receipt/{lone}           -         200 same
POST   /s/{lone}/status          token     200 json
POST   /s/{none}/status          token     404 problem
POST   /receipt/{lone}           receipt   200 page
POST   /receipt/{lone}           empty     400 problem
POST   /s/{lone}/unlock          token     204 nothing
DELETE /s/{lone}                 token     204 nothing

GET    /r/{asked}                -         200 same
POST   /r/{asked}/peek           asked     200 json
POST   /r/{none}/peek            asked     404 problem
POST   /r/{asked}                handed    201 json
POST   /r/{asked}                handed    410 problem

GET    /auth/login               -         200 page
POST   /auth/login               -         403 problem
POST   /auth/login               wrong     401 denied
POST   /auth/login               login     303 session
GET    /stats                    -         200 page
GET    /stats-json               -         200 json
GET    /list-files               -         200 json
GET    /admin/audit.csv          -         200 csv
POST   /admin/burn/{none}        proof     404 problem
POST   /admin/burn/{none}        -         403 problem
POST   /auth/token               login     200 json
POST   /auth/logout              proof     303 session
GET    /stats                    -         401 denied
GET    /stats                    browser   303 redirect
GET    /stats-json               -         401 denied
"""

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CSP,
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
SMALL = {"Content-Encoding": "gzip"}
VARIED = {**SMALL, "Vary": "Accept-Encoding, Accept-Language, Cookie"}
KEPT = {**SMALL, "Vary": "Accept-Encoding", "Cache-Control": "public, max-age=31536000, immutable"}
SANDBOX = "default-src 'none'; sandbox"
NAMED = {"Content-Disposition": ..., "Content-Security-Policy": SANDBOX, "Accept-Ranges": "bytes"}
# The type, and the headers beyond or instead of those that come ALWAYS; ... stands for any value.
ANSWERED: dict[str, tuple[str, dict[str, Any]]] = {
    "same": ("text/html", VARIED),
    "page": ("text/html", {}),
    "text": ("text/plain", {}),
    "static": ("text/css", KEPT),
    "json": ("application/json", {}),
    "problem": ("application/problem+json", {}),
    "denied": ("application/problem+json", {"WWW-Authenticate": "Bearer"}),
    "later": ("application/problem+json", {"Retry-After": ...}),
    "csv": ("text/csv", {"Content-Disposition": ...}),
    "data": ("application/octet-stream", NAMED),
    "part": ("application/octet-stream", {**NAMED, "Content-Range": "bytes 1-3/4"}),
    "redirect": ("text/plain", {"Location": ...}),
    "chosen": ("text/plain", {"Location": "/", "Set-Cookie": ...}),
    "session": ("application/octet-stream", {"Location": ..., "Set-Cookie": ...}),
    "nothing": ("application/octet-stream", {}),
}


def rows() -> list[tuple[str, str, str, int, str]]:
    split = [line.split() for line in CONTRACT.splitlines() if line]
    return [(method, path, sent, int(status), kind) for method, path, sent, status, kind in split]
