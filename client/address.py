"""Where a server is, and what a link says."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from client.failure import Exit, Failure
from core.errors import Malformed
from core.language import _
from core.link import Link


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address, `https://host[:port][/path]`; `proxy` is the environment's for it."""

    url: str
    proxy: str | None

    @classmethod
    def parse(cls, text: str, *, insecure: bool = False) -> Address:
        """Read an address. Secrets travel under TLS, or within this machine, or not at all.

        Raises:
            Failure: it is none, or `http://` to another machine without `insecure`.
        """
        parts = _split(text.strip())
        here = _is_here(parts.hostname or "")
        if parts.scheme == "http" and not (here or insecure):
            sentence = _(
                "This address begins with http://, so whoever is on the way could read the secret. "
                "Use https://, or --insecure if you trust that network."
            )
            raise Failure(sentence, Exit.USAGE)
        url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        return cls(
            url, None if here or proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
        )

    @property
    def host(self) -> str:
        """The name to tell people, without what else an address may hold."""
        return urlsplit(self.url).hostname or ""


def parse_link(text: str, *, insecure: bool = False) -> tuple[Address, Link]:
    """Read a link: on which server, and what.

    Raises:
        Failure: it is none, never with its text, or as `Address.parse` does.
    """
    try:
        link = Link.parse(text)
    except Malformed:
        sentence = _("This is not a whole link: one looks like https://share.example/s/…#…")
        raise Failure(sentence, Exit.USAGE) from None
    place = text.strip().partition("#")[0].rpartition("/")[0].rpartition("/")[0]
    return Address.parse(place, insecure=insecure), link


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    except ValueError:  # also a port that is none
        pass
    raise Failure(_("A server's address looks like https://share.example"), Exit.USAGE)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
