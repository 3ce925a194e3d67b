"""What ends a command: one sentence for the terminal, one code for scripts."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a process ends with; docs/cli.md tells scripts what to make of each."""

    DONE = 0
    FAULT = 1  # the server's, or one of ours
    USAGE = 2  # what argparse ends with, too
    GONE = 3
    NOT_FOUND = 4
    PASSWORD = 5
    LOCKED = 6
    NOT_TAKEN = 7
    LATER = 8
    NO_SERVER = 9
    LOCAL = 10  # this machine's files or terminal
    INTERRUPTED = 130  # as shells say it


class Failure(Exception):
    """The command can't do what was asked; `sentence` says why, and what to do."""

    def __init__(self, sentence: str, code: Exit) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


class Broken(Failure):
    """The connection broke, or the server asks for patience (`wait` in seconds): try again."""

    def __init__(self, sentence: str, code: Exit = Exit.NO_SERVER, wait: float = 0) -> None:
        super().__init__(sentence, code)
        self.wait = wait


class Unreachable(Broken):
    """There was no connection at all."""


class Stranger(Broken):
    """What answers is no server of ours; a proxy before it may say so while it restarts."""


class PasswordWanted(Failure):
    """A password is needed, or was wrong; `attempts_left` may be 0."""

    def __init__(self, sentence: str, attempts_left: int) -> None:
        super().__init__(sentence, Exit.PASSWORD)
        self.attempts_left = attempts_left
