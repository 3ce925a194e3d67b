"""Every call that programs can make, with all that it may refuse."""

from __future__ import annotations

from core import errors as e
from web import schemas as s
from web.operation import BYTES, FORM, JSON, Operation, Refusal, content, fields

FIELDS: tuple[Refusal, ...] = (e.Malformed, e.TooLarge)  # of any small body
TAKING_IN: tuple[Refusal, ...] = (
    *(e.Malformed, e.EmptyText, e.SourceFailed, e.TooLarge, e.ForbiddenExtension),
    *(e.BadLifetime, e.BadPassword, e.NotFound, e.Busy, e.StorageFull, e.TooManyAtOnce),
)
LETTING_IN: tuple[Refusal, ...] = (
    *(*FIELDS, e.NotFound, e.Gone, e.Taken, e.Locked, e.Changed, e.Corrupt),
    *(e.PasswordRequired, e.WrongPassword, e.BadPassword, e.Busy),
)
WISHES = {
    "OTS-Name": s.text("The file's name, percent-encoded."),
    "OTS-Kind": s.text("What the body is.", enum=["file", "text"]),
    "OTS-Password": s.text("The password, percent-encoded."),
    "OTS-Expires": s.EXPIRES,
}
RANGE = {"Range": s.text("Bytes from an offset on: `bytes=70000-`.")}

SHARE = (
    Operation(
        call="POST /upload",
        tag="Share",
        summary="Share a file or a text",
        more="A `file` or a `text` in a form, in any order with the other fields; or the bytes "
        "themselves as the body, with wishes in headers. They are sealed while they arrive. "
        "Several of them become one zip: up to 1,000 `file` parts, and a `text` as `message.txt`.",
        takes=content(),
        headers={**WISHES, "OTS-QR": s.text("Ask for `qr` too.", enum=["svg"])},
        gives={201: "Shared"},
        refuses=TAKING_IN,
    ),
    Operation(
        call="POST /s/{id}/status",
        tag="Share",
        summary="Tell the sender how a secret stands",
        more="For 24 hours after its end too. People see the same on the page at `receipt`.",
        gives={200: "Status"},
        refuses=(e.Malformed, e.NotFound),
        needs=("revokeToken",),
    ),
    Operation(
        call="DELETE /s/{id}",
        tag="Share",
        summary="Revoke a secret that nobody received",
        gives={204: ""},
        refuses=(e.Malformed, e.NotFound, e.TooLate, e.Gone),
        needs=("revokeToken",),
    ),
    Operation(
        call="POST /s/{id}/unlock",
        tag="Share",
        summary="Unlock a secret after wrong passwords",
        more="Three times at most.",
        gives={204: ""},
        refuses=(e.Malformed, e.NotFound, e.Gone, e.UnlockedTooOften),
        needs=("revokeToken",),
    ),
)

RECEIVE = (
    Operation(
        call="POST /d/{id}",
        tag="Receive",
        summary="Open, fetch and burn in one call",
        more="With a `claim` the same call can be repeated for 15 minutes after the last byte, "
        "from any offset; without one all is sent, and the end of the transfer burns.",
        takes=fields(("password", "claim"), key=s.KEY, password=s.PASSWORD, claim=s.CLAIM),
        headers=RANGE,
        gives={200: BYTES, 206: BYTES},
        refuses=(*LETTING_IN, e.OutOfRange),
    ),
    Operation(
        call="GET /info/{id}",
        tag="Receive",
        summary="Tell what is there, and change nothing",
        gives={200: "Glance"},
        refuses=(e.Malformed, e.NotFound),
        needs=("key",),
    ),
    Operation(
        call="POST /s/{id}/peek",
        tag="Receive",
        summary="Tell what is there, with the key in the body",
        takes=fields(key=s.KEY),
        gives={200: "Glance"},
        refuses=(*FIELDS, e.NotFound),
    ),
    Operation(
        call="POST /s/{id}/open",
        tag="Receive",
        summary="Claim it for a minute, and learn what it is",
        more="Reversible: nothing is burned before the first byte is fetched.",
        takes=fields(("password",), key=s.KEY, claim=s.CLAIM, password=s.PASSWORD),
        gives={200: "Opened"},
        refuses=LETTING_IN,
    ),
    Operation(
        call="POST /s/{id}/data",
        tag="Receive",
        summary="Fetch the bytes; from the first one on nobody else can",
        takes=fields(
            ("stay",),
            claim=s.CLAIM,
            ticket=s.TICKET,
            stay=s.text("Set by a page: a refusal is a 204, at which a browser stays."),
        ),
        headers=RANGE,
        gives={200: BYTES, 206: BYTES, 204: ""},
        refuses=(*FIELDS, e.NotFound, e.Changed, e.Gone, e.OutOfRange, e.Corrupt),
    ),
    Operation(
        call="POST /s/{id}/progress",
        tag="Receive",
        summary="Tell how far the bytes went",
        takes=fields(claim=s.CLAIM),
        gives={200: "Progress"},
        refuses=(*FIELDS, e.NotFound),
    ),
    Operation(
        call="POST /s/{id}/done",
        tag="Receive",
        summary="Say that everything arrived: it is burned",
        takes=fields(claim=s.CLAIM),
        gives={204: ""},
        refuses=(*FIELDS, e.NotFound),
    ),
)

HAND_IN = (
    Operation(
        call="POST /r/{id}/peek",
        tag="Hand in",
        summary="Tell who asks for something",
        takes=fields(token=s.text("What follows the # in the invitation's link.")),
        gives={200: "Invitation"},
        refuses=(*FIELDS, e.NotFound),
    ),
    Operation(
        call="POST /r/{id}",
        tag="Hand in",
        summary="Hand in one file or text",
        more="The token stands in the header, or in the form's first field.",
        takes=content(**{"link-key": s.text("The token, in the first field.")}),
        headers={"OTS-Invitation": s.text("The token."), **WISHES},
        gives={200: "text/html", 201: "HandedIn"},
        refuses=(*TAKING_IN, e.Occupied, e.Closed),
    ),
)

ADMIN_NEEDS = ("admin", "session")
ADMIN = (
    Operation(
        call="POST /auth/token",
        tag="Admin",
        summary="Get a token for 15 minutes",
        takes=fields(user=s.text("The admin's name."), password=s.text("The admin's password.")),
        gives={200: "Token"},
        refuses=(*FIELDS, e.WrongLogin, e.RateLimited, e.Busy),
    ),
    Operation(
        call="GET /stats-json",
        tag="Admin",
        summary="Figures by the hour and the day, and what is kept now",
        gives={200: "Statistics"},
        refuses=(e.Malformed, e.NotSignedIn),
        needs=ADMIN_NEEDS,
    ),
    Operation(
        call="GET /list-files",
        tag="Admin",
        summary="List the secrets that are alive, 50 at a time",
        query={"after": s.AFTER},
        gives={200: "Secrets"},
        refuses=(e.Malformed, e.NotSignedIn),
        needs=ADMIN_NEEDS,
    ),
    Operation(
        call="POST /admin/burn/{id}",
        tag="Admin",
        summary="Burn a secret that nobody received",
        takes={FORM: {**s.shape(("proof",), proof=s.PROOF), "additionalProperties": True}},
        optional=True,
        gives={204: ""},
        refuses=(*FIELDS, e.NotSignedIn, e.Foreign, e.NotFound, e.TooLate, e.Gone),
        needs=ADMIN_NEEDS,
    ),
    Operation(
        call="GET /admin/audit.csv",
        tag="Admin",
        summary="Get the audit log",
        gives={200: "text/csv"},
        refuses=(e.Malformed, e.NotSignedIn),
        needs=ADMIN_NEEDS,
    ),
)

HEALTH = (
    Operation(call="GET /healthz", tag="Health", summary="Is it alive?", gives={200: "Alive"}),
    Operation(
        call="GET /readyz",
        tag="Health",
        summary="Can it work?",
        gives={200: "Ready", 503: "Ready"},
    ),
    Operation(
        call="GET /openapi.json",
        tag="Health",
        summary="This description",
        gives={200: JSON},
    ),
)

OPERATIONS = (*SHARE, *RECEIVE, *HAND_IN, *ADMIN, *HEALTH)
