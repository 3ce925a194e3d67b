"""The four calls that are measured, as bytes, and what is kept of their answers."""

from __future__ import annotations

import json
import os
from itertools import cycle
from typing import TYPE_CHECKING

from tests.benchmarks.client import ask

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.benchmarks.client import Next

CALLS = ("page", "create", "peek", "open")  # `open` is the last: nothing is left after it
BODY = os.urandom(1000)


def post(path: str, body: bytes, *headers: str) -> bytes:
    """Write a request."""
    head = (f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join((*head, "", "")).encode() + body


PAGE = (  # as a browser asks for it
    b"GET /s/AAAAAAAAAAAAAAAAAAAAAA HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
    b"Accept-Encoding: gzip, deflate, br\r\n\r\n"
)
CREATE = post("/upload", BODY, "OTS-Kind: file")


class Held:
    """The secrets that were created and not opened yet, as requests that peek and open."""

    def __init__(self) -> None:
        self._keyed: list[tuple[str, bytes]] = []

    def add(self, answers: Iterable[bytes]) -> None:
        """Keep what was created."""
        for answer in answers:
            told = json.loads(answer)
            key = told["link"].rpartition("#")[2]
            self._keyed.append((told["id"], json.dumps({"key": key}).encode()))

    def drop(self) -> None:
        """Keep nothing: they expire some day."""
        self._keyed.clear()

    def following(self, call: str) -> Next:
        """Make what gives the next request of a call."""
        if call == "open":
            opens = [_keyed(f"/d/{name}", key) for name, key in self._keyed]
            self.drop()
            return lambda: opens.pop() if opens else None
        requests = {
            "page": lambda: [PAGE],
            "create": lambda: [CREATE],
            "peek": lambda: [_keyed(f"/s/{name}/peek", key) for name, key in self._keyed],
        }[call]()
        return cycle(requests).__next__


def _keyed(path: str, key: bytes) -> bytes:
    return post(path, key, "Content-Type: application/json")


async def sample(port: int, folder: Path) -> None:
    """Write the answers of a server into a folder: those that a bare handler shall give."""
    held = Held()
    for call in CALLS:
        request = held.following(call)()
        assert request is not None
        answer = await ask(port, request)
        if call == "create":
            held.add([answer])
        (folder / call).write_bytes(answer)
