"""The pages, rendered once in each language where they are the same for everybody."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from core.invitations import called
from core.language import LANGUAGES, RIGHT_TO_LEFT, _, gettext, ngettext, spoken, tag
from core.quantities import parse_duration, show_duration, show_size
from web.charts import charts
from web.compressed import Compressed
from web.operations import OPERATIONS
from web.report import LABELS, STATES
from web.words import unlocks, words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from core.inventory import Listed, Place
    from core.invitation import Invitation
    from core.policy import Policy
    from core.secret import Metadata, Status
    from web.report import Report
    from web.sign_in import Admin

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
EVERYBODYS = ("home", "reveal", "receipt", "invite", "privacy")
_LIFETIMES = ("5m", "1h", "5h", "1d", "7d")


@dataclass(frozen=True, slots=True)
class Static:
    """A file as it is served; `integrity` is what a tag that loads it demands (SRI)."""

    path: str
    file: Compressed
    integrity: str

    @classmethod
    def of(cls, name: str, body: bytes) -> Static:
        stem, _, ending = name.rpartition(".")
        digest = hashlib.sha384(body).digest()
        hashed = f"{stem}.{digest.hex()[:16]}.{ending}"
        integrity = f"sha384-{base64.b64encode(digest).decode()}"
        return cls(f"/static/{hashed}", Compressed.of(_TYPES[ending], body), integrity)


CHOOSING = ("Accept-Language", "Cookie")  # headers by which a language is chosen


class Pages:
    """Every page of one server."""

    def __init__(
        self, environment: Environment, statics: Mapping[str, Static], policy: Policy
    ) -> None:
        self._environment = environment
        self._policy = policy
        self.static = {file.path.rpartition("/")[2]: file for file in statics.values()}
        self._ready: dict[tuple[str, str], Compressed] = {}
        for name in EVERYBODYS:  # a fault in a template shows at the start
            self._rendered_once(name)

    @classmethod
    def load(cls, *, public_url: str, policy: Policy, web_upload: bool) -> Pages:
        """Read templates and files, and render what never changes.

        Args:
            public_url: where people reach it; its host is who runs it, as the pages say.
            policy: its limits are told on the pages.
            web_upload: whether the home page takes anything in.
        """
        folder = files("web") / "static"
        statics = {f.name: Static.of(f.name, f.read_bytes()) for f in folder.iterdir()}
        environment = Environment(
            loader=PackageLoader("web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.filters["code"] = _code
        environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension's
        environment.globals.update(
            static=statics,
            host=urlsplit(public_url).netloc,
            public_url=public_url,
            policy=policy,
            web_upload=web_upload,
            show_size=show_size,
            languages=LANGUAGES,
            right_to_left=RIGHT_TO_LEFT,
            spoken=spoken,
            tag=tag,
            moment=show_moment,
        )
        return cls(environment, statics, policy)

    def _render(self, name: str, **values: object) -> bytes:
        """Render a page in the language that is spoken now."""
        template = self._environment.get_template(f"{name}.html")
        max_size, lifetimes = show_size(self._policy.max_size), _choices(self._policy)
        page = template.render(max_size=max_size, lifetimes=lifetimes, words=words(name), **values)
        return page.encode()

    def _rendered_once(self, name: str) -> Compressed:
        page = self._ready.get((name, spoken()))
        if page is None:
            page = Compressed.of("text/html", self._render(name), *CHOOSING)
            self._ready[name, spoken()] = page
        return page

    def answer(self, request: web.Request, name: str) -> web.Response:
        """Answer with a page that is the same for everybody who speaks this language."""
        return self._rendered_once(name).answer(request)

    def error(self, *, status: int, title: str, detail: str) -> bytes:
        """Render the page of an error."""
        return self._render("error", status=status, title=title, detail=detail)

    def destroyed(self) -> web.Response:
        """Answer a recipient's form, where no script runs, that it is over."""
        detail = _("It is gone from here, and the link opens nothing any more.")
        return _html(self._render("error", status="0×", title=_("Destroyed"), detail=detail))

    def link(self, *, url: str, expires_at: datetime, receipt: str, qr: str) -> web.Response:
        """Answer a sender's form, where no script runs; `qr` is SVG."""
        body = self._render(
            "link",
            url=url,
            expires_at=show_moment(expires_at),
            receipt=receipt,
            qr=Markup(qr),  # noqa: S704 - drawn by us
        )
        return _html(body, status=201)

    def standing(self, *, status: Status, stands: str, token: str) -> web.Response:
        """Answer whoever pasted a receipt's link, where no script runs, with how it stands."""
        left = unlocks(status.unlocks_left)
        return _html(
            self._render("standing", status=status, stands=stands, token=token, unlocks=left)
        )

    def hand_in(self, *, invitation: Invitation, token: str) -> web.Response:
        """Answer whoever pasted an invitation's link, where no script runs, with its form."""
        left = show_duration(invitation.expires_at - datetime.now(UTC))
        return _html(
            self._render(
                "hand-in",
                invitation=invitation,
                label=called(invitation.asking.label),
                token=token,
                left=left,
            )
        )

    def handed(self, *, label: str) -> web.Response:
        """Answer whoever handed in, where no script runs."""
        return _html(self._render("handed", label=label), status=201)

    def docs(self, description: dict[str, Any]) -> web.Response:
        """Answer with the description of the API."""
        return _html(self._render("docs", api=description, operations=OPERATIONS))

    def login(self, *, closed: bool, wrong: bool = False) -> web.Response:
        """Answer whoever wants to be the admin: with a form, or that there is none."""
        return _html(
            self._render("login", closed=closed, wrong=wrong), status=401 if wrong else 200
        )

    def stats(
        self, *, report: Report, listed: list[Listed], after: Place | None, admin: Admin
    ) -> web.Response:
        """Answer the admin with figures, charts and secrets."""
        spans = [
            (_("The last 24 hours"), _("24 hours ago"), charts(report.hours)),
            (_("The last 30 days"), _("30 days ago"), charts(report.days)),
        ]
        return _html(
            self._render(
                "stats",
                report=report,
                spans=spans,
                labels=LABELS,
                states=STATES,
                listed=listed,
                after=after,
                proof=admin.proof,
            )
        )

    def save(self, *, secret_id: str, metadata: Metadata, claim: str, ticket: str) -> web.Response:
        """Answer a recipient's form, where no script runs."""
        size = show_size(metadata.size)
        return _html(
            self._render(
                "save",
                secret_id=secret_id,
                metadata=metadata,
                size=size,
                claim=claim,
                ticket=ticket,
            )
        )


def _code(text: str) -> Markup:
    """Show what stands between backticks as code."""
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _html(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


def show_moment(moment: datetime) -> str:
    """Write a moment where no script can say it in the visitor's own time."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _choices(policy: Policy) -> list[tuple[str, str, bool]]:
    """List the lifetimes to choose from: value, words, and whether it is the default."""
    wishes = {parse_duration(text) for text in _LIFETIMES} | {policy.default_lifetime}
    allowed = sorted(wish for wish in wishes if wish <= policy.max_lifetime)
    return [(_value(w), show_duration(w), w == policy.default_lifetime) for w in allowed]


def _value(duration: timedelta) -> str:
    return f"{round(duration.total_seconds())}s"
