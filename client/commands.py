"""The commands `share` and `open`: their arguments, and how they end."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING

from client.address import Address, parse_link
from client.failure import Exit, Failure, PasswordWanted
from client.opening import Opening, Place
from client.progress import Progress
from client.share import Wishes, share
from client.signals import finish
from client.source import STDIN, Source
from client.terminal import ask, ask_twice, drawn, harmless, read_line, say
from core.errors import Malformed
from core.language import _, language_of, speaking
from core.link import Claim
from core.quantities import parse_duration

if TYPE_CHECKING:
    from datetime import timedelta

    from client.share import Shared

SERVER = "http://localhost:8080"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both to the console command's."""
    sharing = commands.add_parser("share", help="share a file or a text", allow_abbrev=False)
    sharing.set_defaults(client=_share)
    sharing.add_argument("file", nargs="?", default="-", help="a file; - or none: standard input")
    sharing.add_argument("--name", help="the file's name; gives standard input one, too")
    sharing.add_argument("--expires", type=_lifetime, help="the lifetime: 30m, 1h, 7d")
    sharing.add_argument("--password", action="store_true", help="ask for a password to set")
    shown = sharing.add_mutually_exclusive_group()
    shown.add_argument("--qr", action="store_true", help="draw the link as a QR code, too")
    shown.add_argument("--json", action="store_true", help="print the server's whole answer")
    sharing.add_argument("--receipt", action="store_true", help="print the receipt's link, too")
    sharing.add_argument("--server", help=f"default: OTS_SERVER, else {SERVER}")
    opening = commands.add_parser("open", help="open a link, once", allow_abbrev=False)
    opening.set_defaults(client=_open)
    opening.add_argument("link", nargs="?", help="better left out: then it is asked for, unseen")
    opening.add_argument("-o", "--output", help="a file or a folder; - is standard output")
    opening.add_argument("--force", action="store_true", help="replace a file that is there")
    for command in (sharing, opening):
        command.add_argument("--password-fd", type=int, help="read the password from there")
        command.add_argument("--insecure", action="store_true", help="allow http:// elsewhere")
        command.add_argument("-q", "--quiet", action="store_true", help="say nothing beside")


def run(arguments: argparse.Namespace) -> Exit:
    """Run the command, and tell how it ended."""
    wish = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None)
    with speaking(language_of(wish)):
        try:
            arguments.client(arguments)
        except Failure as failure:
            say(f"onetimeshare: {failure.sentence}")
            return failure.code
        except (KeyboardInterrupt, asyncio.CancelledError):
            say(_("Stopped."))
            return Exit.INTERRUPTED
    return Exit.DONE


def _share(arguments: argparse.Namespace) -> None:
    address = Address.parse(
        arguments.server or os.environ.get("OTS_SERVER") or SERVER, insecure=arguments.insecure
    )
    password = _given(arguments)
    with Source.of(arguments.file, arguments.name) as source:
        if arguments.password and password is None:
            password = ask_twice(_("A password for the recipient (not shown): "))
        if source.descriptor == STDIN and sys.stdin.isatty():
            say(_("Type or paste the text; Ctrl-D on a line of its own ends it."))
        progress = Progress(source.size, quiet=arguments.quiet)
        with progress.shown():
            shared = finish(share(address, source, Wishes(arguments.expires, password), progress))
    _print(arguments, shared)


def _print(arguments: argparse.Namespace, shared: Shared) -> None:
    if arguments.json:
        sys.stdout.write(f"{json.dumps(shared.told)}\n")
        return
    sys.stdout.write(f"{shared.link}\n")
    if arguments.receipt:
        sys.stdout.write(f"{shared.receipt}\n")
    if arguments.qr:
        sys.stdout.write(drawn(shared.link))
    sys.stdout.flush()
    if not arguments.quiet:
        say(_("It opens once, until {moment}.").format(moment=shared.expires_at))


def _open(arguments: argparse.Namespace) -> None:
    if arguments.link and not arguments.quiet:
        say(
            _(
                "Others on this machine can see the link in the list of processes, "
                "and your shell remembers it. `onetimeshare open` alone asks for it."
            )
        )
    place = Place(arguments.output, arguments.force)
    place.check()
    password = _given(arguments)
    address, link = parse_link(arguments.link or _asked(), insecure=arguments.insecure)
    opening = Opening(address, link, Claim.random(), place, arguments.quiet)
    while True:
        try:
            return finish(opening.run(password))
        except PasswordWanted as wanted:
            if arguments.password_fd is not None or not wanted.attempts_left:
                raise
            say(wanted.sentence)
            password = ask(_("Password (not shown): "))


def _asked() -> str:
    return ask(_("Link (not shown): ")) if sys.stdin.isatty() else read_line(STDIN)


def _given(arguments: argparse.Namespace) -> str | None:
    return None if arguments.password_fd is None else read_line(arguments.password_fd)


def _lifetime(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except Malformed:
        sentence = _("{text} is no lifetime: write 30m, 1h or 7d")
        raise argparse.ArgumentTypeError(sentence.format(text=harmless(text))) from None
