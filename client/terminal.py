"""The terminal: what is asked there without being shown, and what is shown there unharmed."""

from __future__ import annotations

import io
import os
import sys
import unicodedata
import warnings
from getpass import GetPassWarning, getpass

from client.failure import Exit, Failure
from core.language import _

LONGEST = 16 * 1024  # bytes of a line that is read
LIGHT_ON_BLACK, PLAIN = "\x1b[97;40m", "\x1b[0m"
_PICTURES = 0x2400  # the block of Unicode with a picture for each control character
_DELETE = 0x7F


def say(sentence: str) -> None:
    """Tell people something; what scripts read stands elsewhere."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def ask(prompt: str) -> str:
    """Ask on the terminal, even where input and output go elsewhere; nothing typed is shown.

    Raises:
        Failure: there is no terminal, or nothing was answered.
    """
    try:
        with warnings.catch_warnings(action="error", category=GetPassWarning):
            answer = getpass(prompt)
    except (GetPassWarning, OSError):
        sentence = _("There is no terminal to ask on: --password-fd reads the password elsewhere.")
        raise Failure(sentence, Exit.LOCAL) from None
    except (EOFError, UnicodeDecodeError):
        answer = ""
    if not answer:
        raise Failure(_("Nothing readable was typed, and nothing was done."), Exit.USAGE)
    return answer


def ask_twice(prompt: str) -> str:
    """Ask for something new.

    Raises:
        Failure: as `ask` does, or the two were not the same.
    """
    answer = ask(prompt)
    if answer != ask(_("Once more: ")):
        raise Failure(_("These were two different passwords. Nothing was done."), Exit.USAGE)
    return answer


def read_line(descriptor: int) -> str:
    """Read a line from an open file descriptor, and nothing after it is looked at.

    Raises:
        Failure: it is not open, empty, or not text.
    """
    line = b""
    try:
        while not line.endswith(b"\n") and len(line) < LONGEST:
            if not (byte := os.read(descriptor, 1)):
                break
            line += byte
        text = line.decode().rstrip("\r\n") if len(line) < LONGEST else ""
    except (OSError, ValueError):
        text = ""
    if not text:
        sentence = _("No line could be read from the file descriptor {number}.")
        raise Failure(sentence.format(number=descriptor), Exit.LOCAL)
    return text


def drawn(link: str) -> str:
    """Draw a link as a QR code of blocks; on a terminal light on black, whatever its theme is."""
    import segno  # noqa: PLC0415 - only who wants it waits for it

    blocks = io.StringIO()
    segno.make_qr(link, error="m", boost_error=False).terminal(blocks, compact=True)
    lines = blocks.getvalue().splitlines()
    if sys.stdout.isatty():
        lines = [f"{LIGHT_ON_BLACK}{line}{PLAIN}" for line in lines]
    return "\n".join([*lines, ""])


def harmless(text: str, *, lines: bool = False) -> str:
    """Make a stranger's text safe to show: a terminal obeys control characters, this shows them.

    With `lines`, line ends and tabs stay.
    """
    return "".join(_shown(character, lines=lines) for character in text)


def _shown(character: str, *, lines: bool) -> str:
    if unicodedata.category(character) != "Cc":
        return character
    if lines and character in "\r\n\t":  # a lone return could hide what it overwrites
        return "" if character == "\r" else character
    code = ord(character)
    if code < 0x20:  # noqa: PLR2004 - the space
        return chr(_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == _DELETE else "\N{REPLACEMENT CHARACTER}"
